/** A diagram as text: a title, a description, and steps from the top to the bottom. */

/** What stands in a diagram, one below the other. */
export type Step =
  /** A box; its name is what other pages call it. */
  | { readonly kind: "box"; readonly name: string; readonly text: string }
  /** What leads from the box above to the one below. */
  | { readonly kind: "arrow"; readonly text: string }
  /** Beside the way: what happens where the step above does not hold. */
  | { readonly kind: "aside"; readonly name: string; readonly text: string };

export interface Diagram {
  readonly title: string;
  readonly description: string;
  readonly steps: readonly Step[];
}

const forms: readonly (readonly [RegExp, (match: readonly string[]) => Step])[] = [
  [/^\[([^\]]+)\] (.+)$/u, ([, name = "", text = ""]) => ({ kind: "box", name, text })],
  [/^\(([^)]+)\) (.+)$/u, ([, name = "", text = ""]) => ({ kind: "aside", name, text })],
  [/^v (.+)$/u, ([, text = ""]) => ({ kind: "arrow", text })],
];

function stepOf(line: string): Step {
  for (const [form, read] of forms) {
    const match = form.exec(line);
    if (match !== null) return read([...match]);
  }
  throw new TypeError(`a line of a diagram is "[name] text", "(name) text" or "v text", and not ${line}`);
}

/**
 * Reads a diagram's text: its title, its description, and a step a line: `[name] text` is a box, `(name) text` an aside,
 * `v text` an arrow. Throws TypeError for any other line.
 */
export function readDiagram(source: string): Diagram {
  const [title = "", description = "", ...lines] = source.split("\n").filter((line) => line.trim() !== "");
  return { title, description, steps: lines.map(stepOf) };
}
