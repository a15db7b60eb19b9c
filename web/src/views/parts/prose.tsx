/** A sentence of the server's: what stands between backticks is something to type. */
export function Prose({ text }: { text: string }) {
  return <>{text.split("`").map((part, n) => (n % 2 === 1 ? <code key={`${n}`}>{part}</code> : part))}</>;
}
