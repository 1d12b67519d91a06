import { PodtrustError } from "../../../src/core/base/index.ts";
import { k3sFiles } from "../../../src/stack/index.ts";
import { guideChapters } from "../../../src/demo/chapters.ts";
import type { DemoReport, OnEvent } from "../../../src/demo/report.ts";
import { runOn } from "../../../src/demo/demo.ts";
import { showDown, showK3sFiles, showMachine, showName } from "../../../src/demo/from-nothing/steps.ts";
import { type BootFiles, bootKit } from "./kit.ts";
import { type BootOptions, type BootWorld, openBootWorld } from "./world.ts";

const runsBy = { kvm: "QEMU with KVM", tcg: "QEMU, its processors emulated in software" } as const;

/** Tells the last that a machine said, where something on it was missed; gives the error as it is meant here. */
function missedOnMachine(error: unknown, world: BootWorld, onEvent: OnEvent): unknown {
  if (!(error instanceof PodtrustError) || !/^(?:host|ssh|emulator)-/u.test(error.code)) return error;
  const said = world.console().split(/\r?\n/u);
  const last = said.filter((line) => line.trim() !== "").slice(-8);
  onEvent({ kind: "step", text: `The machine's console said last: ${last.length === 0 ? "nothing" : ""}` });
  for (const line of last) onEvent({ kind: "step", text: `  ${line}` });
  return new PodtrustError(error.code, error.message, {
    cause: error,
    next: "The machine is gone, with all that was on it. Run it again when this computer has less to do, or where KVM works.",
    detail: error.detail,
  });
}

/**
 * The same story with a machine that boots: its server at the stand-in for Hetzner is a virtual machine, on which k3s and
 * the publisher are set up over SSH; AWS, the certificate authority and the workload stay on this computer. Nothing of it
 * needs root. Throws `demo-boot-missing` before anything is begun, and as `runFromNothing` does.
 */
export async function runBooted(options: BootOptions & { readonly files: BootFiles }): Promise<DemoReport> {
  const { clock, onEvent } = options;
  const start = clock.elapsed();
  const kit = await bootKit(options.files);
  options.signal.throwIfAborted();
  const world = await openBootWorld(kit, options);
  const { story, stage } = world;
  const step = (text: string): void => onEvent({ kind: "step", text });
  const onMachine = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      throw options.signal.aborted ? error : missedOnMachine(error, world, onEvent);
    }
  };
  return runOn(() => Promise.resolve(stage), {
    ...options,
    start,
    standIns: [
      "Hetzner Cloud and Cloudflare, which store what the real ones store and refuse what they refuse",
      `a virtual machine behind Hetzner's server (${runsBy[kit.accelerator]}), which reaches nothing but the certificate authority`,
    ],
    chapters: guideChapters(() =>
      onMachine(async () => {
        await story.publish();
        await world.untilServed();
        await world.openCluster();
      }),
    ),
    before: () =>
      onMachine(async () => {
        await showName(story, onEvent);
        await showMachine(story, onEvent);
        onEvent({ kind: "heading", title: "Step 3: Bootstrap the Cluster" });
        await story.bootstrap();
        step(
          `k3s ${kit.k3s.version} runs on the machine, with these of its files read back from what it started:`,
        );
        showK3sFiles(k3sFiles(story.config), onEvent);
      }),
    after: () => showDown(story, onEvent),
  });
}
