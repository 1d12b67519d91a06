import { PodtrustError } from "../../../base/index.ts";
import { k3sFiles } from "../../../stack/index.ts";
import { guideChapters } from "../../chapters.ts";
import type { DemoReport } from "../../report.ts";
import { runOn } from "../../run.ts";
import { tellDown, tellK3sFiles, tellMachine, tellName } from "../telling.ts";
import { type BootFiles, bootKit } from "./kit.ts";
import { type BootOptions, type BootWorld, openBootWorld } from "./world.ts";

const runsBy = { kvm: "QEMU with KVM", tcg: "QEMU, its processors emulated in software" } as const;

/** Adds to what was missed on a machine the last that it said; the waits' own errors know what they waited for. */
function withConsole(error: unknown, world: BootWorld): unknown {
  if (!(error instanceof PodtrustError) || !/^(?:host-|ssh-|emulator-)/u.test(error.code)) return error;
  const lines = world
    .console()
    .split(/\r?\n/u)
    .filter((line) => line.trim() !== "")
    .slice(-8);
  const words = lines.length === 0 ? "nothing" : lines.map((line) => `\n  ${line}`).join("");
  return new PodtrustError(error.code, `${error.message}\nThe machine's console said last: ${words}`, {
    cause: error,
    next: error.next,
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
  const start = clock.now();
  const kit = await bootKit(options.files);
  options.signal.throwIfAborted();
  const world = await openBootWorld(kit, options);
  const { story, stage } = world;
  const step = (text: string): void => onEvent({ kind: "step", text });
  const onMachine = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      throw options.signal.aborted ? error : withConsole(error, world);
    }
  };
  return runOn(() => Promise.resolve(stage), {
    ...options,
    start,
    standIns: [
      "Hetzner Cloud and Cloudflare, which keep what they are told and refuse what they refuse",
      `a virtual machine behind Hetzner's server (${runsBy[kit.accelerator]}), which reaches nothing but the certificate authority`,
    ],
    chapters: guideChapters(() =>
      onMachine(async () => {
        await story.publish();
        await world.openCluster();
      }),
    ),
    before: () =>
      onMachine(async () => {
        await tellName(story, onEvent);
        await tellMachine(story, onEvent);
        onEvent({ kind: "heading", title: "Step 3: Bootstrap the Cluster" });
        await story.bootstrap();
        step(
          `k3s ${kit.k3s.version} runs on the machine, with these of its files read back from what it started:`,
        );
        tellK3sFiles(k3sFiles(story.config), onEvent);
      }),
    after: () => tellDown(story, onEvent),
  });
}
