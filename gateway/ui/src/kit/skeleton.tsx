/** Grey lines in the place of what is being read. */
export function Skeleton({ lines, label }: { lines: number; label: string }) {
  return (
    <div className="skeleton" role="status" aria-label={label}>
      {[...Array(lines).keys()].map((line) => (
        <span key={line} aria-hidden="true" />
      ))}
    </div>
  );
}
