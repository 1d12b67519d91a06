import { mapTexts, withoutSecrets } from "../index.ts";
import { type ChainReport, judgeChain } from "../judge/index.ts";
import { type ChainOptions, gatherChain } from "./gather.ts";

export { type ChainFacts, type ChainReport, judgeChain } from "../judge/index.ts";
export { type ChainOptions, gatherChain } from "./gather.ts";

/** Looks at a stack and says what is wrong with it, and what is not. Throws what `gatherChain` throws. */
export async function examineStack(options: ChainOptions): Promise<ChainReport> {
  return mapTexts(judgeChain(await gatherChain(options)), withoutSecrets);
}
