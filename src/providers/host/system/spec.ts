import type { StackOwner } from "../../../rules/plan/index.ts";

/** The desired operating system of a stack's machine. */
export interface SystemSpec extends StackOwner {
  /** The machine is podtrust's own from its first boot: its packages are upgraded once, and its host key replaced. */
  readonly isFresh: boolean;
  /** The login user is root, so that root cannot be shut out altogether. */
  readonly isRootUsed: boolean;
}
