/** One of a few, as a row of buttons. */
interface ChoiceProps<T> {
  label: string;
  options: readonly T[];
  shown: T;
  onChoose: (option: T) => void;
  wordOf: (option: T) => string;
}

export function Choice<T extends string | number>(props: ChoiceProps<T>) {
  const { label, options, shown, onChoose, wordOf } = props;
  return (
    <fieldset className="choice">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <button key={option} type="button" aria-pressed={option === shown} onClick={() => onChoose(option)}>
          {wordOf(option)}
        </button>
      ))}
    </fieldset>
  );
}
