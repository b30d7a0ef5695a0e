import { expect, test } from "vitest";
import { Problem } from "../src/api/client.ts";
import { speak } from "../src/api/problems.ts";
import { creditsNumber, creditsText } from "../src/kit/format.ts";
import { fileName } from "../src/kit/media.ts";

test.each([
  [
    { asked: 25_500, available: 4000 },
    "You are 21.5 credits short. Ask an administrator of your organisation to add them.",
  ],
  [
    { asked: 1000, available: 0 },
    "You are 1 credit short. Ask an administrator of your organisation to add them.",
  ],
  [{ detail: "12 credits short" }, "12 credits short"],
])("402 says how much is missing: %o", (body, detail) => {
  expect(speak(new Problem(402, { title: "Not enough credits", ...body }))).toEqual({
    title: "Not enough credits",
    detail,
  });
});

test("an input that does not fit names its fields", () => {
  const errors = [{ pointer: "/text", detail: "must not be empty" }];
  const problem = new Problem(422, {
    type: "/problems/invalid-input",
    title: "The input does not fit",
    errors,
  });
  expect(speak(problem).detail).toBe("text: must not be empty");
});

test("a known problem without words gets advice", () => {
  const problem = new Problem(413, { type: "/problems/too-large", title: "The file is too large" });
  expect(speak(problem).detail).toBe("Choose a smaller file.");
});

test("money is shown in credits", () => {
  expect([0, 1, 1000, 12_500, 1_234_567].map(creditsNumber)).toEqual([
    "0",
    "0.001",
    "1",
    "12.5",
    "1,234.567",
  ]);
  expect(creditsText(1000)).toBe("1 credit");
});

test("a file is saved under its step's name", () => {
  expect(fileName({ url: "", media_type: "video/mp4" }, "Animate: to video!")).toBe("animate-to-video.mp4");
  expect(fileName({ url: "", media_type: "video/mp4", name: "cut.mp4" }, "x")).toBe("cut.mp4");
});
