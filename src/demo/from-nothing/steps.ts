import type { k3sFiles } from "../../stack/index.ts";
import type { OnEvent } from "../report.ts";
import type { MachineStory } from "./machine.ts";

/** Step 1 of the guide. */
export async function showName(story: MachineStory, onEvent: OnEvent): Promise<void> {
  onEvent({ kind: "heading", title: "Step 1: Dedicated Domain Name" });
  await story.makeName();
}

/** Step 2 of the guide. */
export async function showMachine(story: MachineStory, onEvent: OnEvent): Promise<void> {
  onEvent({ kind: "heading", title: "Step 2: A Live Kubernetes Cluster" });
  await story.makeMachine();
  const { domain_name: name, public_ip: ipv4, public_ipv6: ipv6 } = await story.outputs();
  for (const text of [
    `${name} leads to ${ipv4} and to ${ipv6}, the host's own address in its network`,
    "The firewall was applied before the machine's first boot, and its host key is known before the first login.",
  ])
    onEvent({ kind: "step", text });
}

/** The parts of k3s's config on a machine that concern tokens. */
export function showK3sFiles(files: ReturnType<typeof k3sFiles>, onEvent: OnEvent): void {
  for (const { path, text } of files) {
    onEvent({ kind: "step", text: path });
    for (const line of text.split("\n").filter((one) => /issuer|jwks-uri|encryption/u.test(one)))
      onEvent({ kind: "step", text: `  ${line.trim()}` });
  }
}

/** After the guide: everything is deleted. */
export async function showDown(story: MachineStory, onEvent: OnEvent): Promise<void> {
  onEvent({ kind: "heading", title: "And down again." });
  const gone = await story.down();
  onEvent({ kind: "step", text: `${gone} things deleted; nothing of it is left in either cloud.` });
}
