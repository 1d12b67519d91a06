/** Whether two lists, neither of which has anything twice, have the same in them, in whichever order. */
export function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}
