/** One line of a comparison. */
export interface DiffLine {
  readonly sign: "+" | "-" | " ";
  readonly text: string;
}

/** How many lines the rest of `a` from i and the rest of `b` from j have in common. */
function commonLengths(a: readonly string[], b: readonly string[]): (i: number, j: number) => number {
  const lengths = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const row = lengths[i] ?? [];
    for (let j = b.length - 1; j >= 0; j -= 1) {
      row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  return at;
}

/** Two texts line by line, what went before what came. For documents of a few hundred lines. */
export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const common = commonLengths(a, b);
  const goes = (i: number, j: number): boolean => j === b.length || common(i + 1, j) >= common(i, j + 1);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [was = "", becomes = ""] = [a[i], b[j]];
    if (i < a.length && a[i] === b[j]) {
      lines.push({ sign: " ", text: was });
      i += 1;
      j += 1;
    } else if (i < a.length && goes(i, j)) {
      lines.push({ sign: "-", text: was });
      i += 1;
    } else {
      lines.push({ sign: "+", text: becomes });
      j += 1;
    }
  }
  return lines;
}
