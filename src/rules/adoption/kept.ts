import type { KeptFacts } from "../distribution/index.ts";
import type { AdoptionFacts } from "./facts.ts";

/** Whether files go back byte for byte: only podtrust has changed them, and their keys are those of before. */
export function goesBackWhole({ isEdited, keysSince, keysGone }: KeptFacts): boolean {
  return !isEdited && keysSince.length + keysGone.length === 0;
}

/** Why files are not byte for byte what they were, when it ends, and that it does no harm. */
export function whyKept(server: string, { isEdited, keysSince, keysGone }: KeptFacts): string {
  if (isEdited)
    return `${server}: its files were changed since, as by kubeadm upgrade. Only the flags of the issuer go back, and the rest stays.`;
  const changes = [
    ...(keysSince.length === 0 ? [] : [`${keysSince.join(", ")} came`]),
    ...(keysGone.length === 0 ? [] : [`${keysGone.join(", ")} went`]),
  ];
  return `${server}: its keys changed since (${changes.join("; ")}), and tokens of the present ones live. The flags of the issuer go back, and the keys stay. Its files are put back byte for byte by podtrust adopt undo once they hold the keys of before, as after podtrust rotate abort.`;
}

/** A sentence for each server whose files do not go back byte for byte. */
export function keptNotes({ servers }: Pick<AdoptionFacts, "servers">): readonly string[] {
  return servers.flatMap(({ name, kept }) =>
    kept === undefined || goesBackWhole(kept) ? [] : [whyKept(name, kept)],
  );
}
