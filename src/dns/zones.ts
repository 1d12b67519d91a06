/**
 * The zones that may hold a name, the innermost first: itself, what is above it, down to two labels. No zone of one
 * label is anybody's here.
 */
export function zonesAbove(name: string): readonly string[] {
  const labels = name.split(".");
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join("."));
}
