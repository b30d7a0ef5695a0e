import react from "@vitejs/plugin-react";
import { defineConfig, type PluginOption } from "vite";

export default defineConfig(async () => {
  const plugins: PluginOption[] = [react()];
  if (process.env.STUDIO_MOCK) {
    const { mockPlatform } = await import("./dev/mock.ts");
    plugins.push(mockPlatform());
  }
  return {
    base: "./",
    plugins,
    build: { target: "es2022", chunkSizeWarningLimit: 1200 },
    server: { proxy: proxyTo(process.env.STUDIO_URL) },
    test: { include: ["tests/**/*.test.ts"] },
  };
});

/** Develop against a running platform with STUDIO_URL=http://127.0.0.1:PORT npm run dev. */
function proxyTo(url: string | undefined): Record<string, string> {
  return url ? { "/v1": url } : {};
}
