/** What the operating system of a stack's machine shall be. */
export interface SystemSpec {
  readonly stack: string;
  /** The machine is podtrust's own from its first boot: its packages are upgraded once, and its host key replaced. */
  readonly isFresh: boolean;
  /** Whoever logs in is root, so that root cannot be shut out altogether. */
  readonly isRootUsed: boolean;
}
