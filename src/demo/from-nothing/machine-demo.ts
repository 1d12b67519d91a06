import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { makeFolder } from "../files.ts";
import { startStandInClouds } from "../../sandbox/index.ts";
import { k3sFiles } from "../../stack/index.ts";
import { guideChapters } from "../chapters.ts";
import type { DemoReport } from "../report.ts";
import { type DemoOptions, runDemo } from "../demo.ts";
import { openMachineStory } from "./machine.ts";
import { showDown, showK3sFiles, showMachine, showName } from "./steps.ts";

/**
 * Runs the guide's seven steps on this machine, from no machine and no name to a Job with credentials, and takes it all
 * down again. Throws as `runDemo` does, and what keeps a part from being made.
 */
export async function runFromNothing(options: DemoOptions): Promise<DemoReport> {
  const { clock, logger, signal, onEvent } = options;
  const start = clock.elapsed();
  const folder = await makeFolder(tmpdir(), "podtrust-from-nothing-");
  const clouds = await startStandInClouds({ zones: ["podtrust.example"], mischief: 0, clock, logger });
  try {
    const story = await openMachineStory({ clouds, folder, clock, signal, onEvent });
    return await runDemo({
      ...options,
      issuer: story.config.issuer,
      standIns: [
        "Hetzner Cloud and Cloudflare, which store what the real ones store and refuse what they refuse",
      ],
      chapters: guideChapters(),
      start,
      async before() {
        await showName(story, onEvent);
        await showMachine(story, onEvent);
        onEvent({ kind: "heading", title: "Step 3: Bootstrap the Cluster" });
        const text =
          "No machine boots here: this is what podtrust writes on one, over SSH. The cluster below is a stand-in.";
        onEvent({ kind: "step", text });
        showK3sFiles(k3sFiles(story.config), onEvent);
      },
      after: () => showDown(story, onEvent),
    });
  } finally {
    await clouds.close();
    await rm(folder, { recursive: true, force: true });
  }
}
