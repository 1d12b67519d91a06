import { type JsonRecord, recordOf, recordsOf } from "../../core/base/index.ts";
import type { InjectionFault } from "./fault.ts";
import { injectOpenBao, openbaoAnnotations } from "./openbao.ts";

const volumesOf = (pod: JsonRecord): readonly string[] =>
  recordsOf(recordOf(pod["spec"])["volumes"]).map(({ name }) => String(name));

/**
 * The same as `injectionFault` for a pod that asks for OpenBao: whether it lacks its token. Undefined for one that has it, and for
 * one that does not ask.
 */
export function openbaoFault(pod: JsonRecord): InjectionFault | undefined {
  const has = volumesOf(pod);
  const lacking = volumesOf(injectOpenBao(pod)).find((name) => !has.includes(name));
  if (lacking === undefined) return undefined;
  const text = `has no volume ${lacking}, for which its annotation ${openbaoAnnotations.address} asks`;
  return { reason: "PodNotInjected", text };
}
