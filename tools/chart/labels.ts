import { withLabels } from "../../src/providers/kubernetes/index.ts";
import type { OptionalMarks } from "./emit.ts";

const mark = "zz-common-labels";

/** The labels that all objects have, as a mark of Helm's. */
export const commonLabels: OptionalMarks = new Map([[mark, ".Values.commonLabels"]]);

/** Objects with these labels beside their own. */
export const labelled = (objects: readonly object[]): readonly object[] =>
  withLabels(objects, { [mark]: mark });
