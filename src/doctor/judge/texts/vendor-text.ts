import type { Link } from "../../../core/base/index.ts";

/** What an error's text alone says: which links hold when it is said, and which are open. */
export interface Symptom {
  readonly from: string;
  readonly means: string;
  /** The rules of STS or of Entra that answer so; none for what others say. */
  readonly rules: readonly string[];
  readonly clears: readonly Link[];
  readonly open: readonly Link[];
}

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
