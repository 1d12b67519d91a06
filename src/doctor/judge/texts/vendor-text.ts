import type { Link } from "../../../core/base/index.ts";

/** What a program other than STS says, and which links it leaves open. */
export interface VendorText {
  readonly from: string;
  /** All of these stand in the text; lower case, white space as single spaces. */
  readonly words: readonly string[];
  readonly open: readonly Link[];
  /** Links that hold when this is said. */
  readonly clears?: readonly Link[];
  /** What the text means, as a sentence. */
  readonly means: string;
}
