import { PodtrustError } from "../../../core/base/index.ts";
import { hostLayout, PublisherStateFiles, targetText } from "../../../providers/host/index.ts";
import { ownershipComment, type StackOwner } from "../../../rules/plan/index.ts";
import { type Machine, openMachine } from "../host/machine.ts";
import type { PartContext } from "../part.ts";

/** The state of the publisher on a config's machine, over the pinned connection. */
interface PublisherState {
  readonly files: PublisherStateFiles;
  close(): Promise<void>;
}

/** Throws `backup-foreign` for the publisher of another stack, or of another owner. */
async function checkOwner(
  { session }: Machine,
  files: PublisherStateFiles,
  owner: StackOwner,
): Promise<void> {
  const mark = await files.owner();
  if (mark === undefined || ownershipComment.ownerOf(mark, owner).kind === "ours") return;
  throw new PodtrustError(
    "backup-foreign",
    `the publisher on ${targetText(session.target)} carries the mark ${JSON.stringify(mark)}, and not that of the stack ${owner.stack}`,
  );
}

/** Connects to the machine. Throws `machine-absent`, `backup-foreign`, `ssh-*`, `host-*`. */
export async function openPublisherState(
  context: Pick<PartContext, "config" | "env" | "clock">,
  signal: AbortSignal,
): Promise<PublisherState> {
  const machine = await openMachine(context, signal);
  try {
    const files = new PublisherStateFiles(
      { session: machine.session, layout: hostLayout(), signal },
      context.config,
    );
    await checkOwner(machine, files, context.config);
    return { files, close: () => machine.close() };
  } catch (error) {
    await machine.close();
    throw error;
  }
}
