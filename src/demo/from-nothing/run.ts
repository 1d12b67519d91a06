import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { makeFolder } from "../files.ts";
import { startStandInClouds } from "../../sandbox/index.ts";
import { k3sFiles } from "../../stack/index.ts";
import type { OnEvent } from "../report.ts";
import { guideChapters } from "../chapters.ts";
import type { DemoReport } from "../report.ts";
import { type DemoOptions, runDemo } from "../run.ts";
import { type MachineStory, openMachineStory } from "./machine.ts";

/** Steps 1 to 3 of the guide, on the stand-ins for both clouds. */
async function tellMachine(story: MachineStory, onEvent: OnEvent): Promise<void> {
  const step = (text: string): void => onEvent({ kind: "step", text });
  onEvent({ kind: "heading", title: "Step 1: Dedicated Domain Name" });
  await story.makeName();
  onEvent({ kind: "heading", title: "Step 2: A Live Kubernetes Cluster" });
  await story.makeMachine();
  const { domain_name: name, public_ip: ipv4, public_ipv6: ipv6 } = await story.outputs();
  step(`${name} leads to ${ipv4} and to ${ipv6}, the host's own address in its network`);
  step(
    "The firewall was applied before the machine's first boot, and its host key is known before the first login.",
  );
  onEvent({ kind: "heading", title: "Step 3: Bootstrap the Cluster" });
  step(
    "No machine boots here: this is what podtrust writes on one, over SSH. The cluster below is a stand-in.",
  );
  for (const { path, text } of k3sFiles(story.config)) {
    step(path);
    for (const line of text.split("\n").filter((one) => /issuer|jwks-uri|encryption/u.test(one)))
      step(`  ${line.trim()}`);
  }
}

/**
 * Runs the guide's seven steps on this machine, from no machine and no name to a Job with credentials, and takes it all
 * down again. Throws as `runDemo` does, and what keeps a part from being made.
 */
export async function runFromNothing(options: DemoOptions): Promise<DemoReport> {
  const { clock, logger, signal, onEvent } = options;
  const start = clock.now();
  const folder = await makeFolder(tmpdir(), "podtrust-from-nothing-");
  const clouds = await startStandInClouds({ zones: ["podtrust.example"], mischief: 0, clock, logger });
  try {
    const story = await openMachineStory({ clouds, folder, clock, signal, onEvent });
    return await runDemo({
      ...options,
      issuer: story.config.issuer,
      standIns: ["Hetzner Cloud and Cloudflare, which keep what they are told and refuse what they refuse"],
      chapters: guideChapters,
      start,
      before: () => tellMachine(story, onEvent),
      after: async () => {
        onEvent({ kind: "heading", title: "And down again." });
        const gone = await story.down();
        onEvent({ kind: "step", text: `${gone} things deleted; nothing of it is left in either cloud.` });
      },
    });
  } finally {
    await clouds.close();
    await rm(folder, { recursive: true, force: true });
  }
}
