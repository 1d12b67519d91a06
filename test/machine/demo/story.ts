/** The machine's part of `podtrust demo --from-nothing`, with a machine that boots. */
import { defined } from "../../../src/core/base/index.ts";
import {
  applyOnly,
  checkNothingLeft,
  cloudSteps,
  machineOutputs,
  type MachineStory,
  type MachineStoryOptions,
  storyConfig,
  storyEnvironment,
} from "../../../src/demo/from-nothing/machine.ts";
import type { IssuerRoute } from "../../../src/issuer/index.ts";
import { type Machine, openMachine, type PublisherRelease } from "../../../src/stack/index.ts";

/** The story as it is told with a machine that boots: its second step is over after the first login and its upgrade. */
export interface BootedStory extends MachineStory {
  /** Step 3: k3s. */
  bootstrap(): Promise<void>;
  /** Step 4: the publisher, with its account and its certificate, and who else may get one: nobody. */
  publish(): Promise<void>;
  /** The connection to the machine. */
  openMachine(): Promise<Machine>;
}

export interface BootedStoryOptions extends MachineStoryOptions {
  readonly configText: string;
  /** Leads to the machine. */
  readonly route: IssuerRoute;
  readonly release: PublisherRelease;
  /** What programs are found by, ssh among them. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Opens a stack with all that is set up on its machine, on the stand-ins for both clouds, its name chosen. */
export async function openBootedStory(options: BootedStoryOptions): Promise<BootedStory> {
  const { clouds, clock, signal, route, release } = options;
  const { PATH, TMPDIR } = options.env;
  const env = { ...storyEnvironment(options), ...defined({ PATH, TMPDIR }) };
  const config = await storyConfig(options.configText, env, options);
  const context = { config, env, clock, route, release };
  const { name, machine } = cloudSteps(config);
  const onMachine = (...names: readonly string[]): readonly string[] =>
    names.map((one) => `host/${config.stack}/${one}`);
  const caa = `dns/${new URL(config.issuer).host}/CAA`;
  const make = async (...only: readonly string[]): Promise<void> => {
    await applyOnly(context, { only, goal: "present" }, options);
  };
  return {
    config,
    makeName: () => make(...name),
    makeMachine: () => make(...machine, ...onMachine("system")),
    bootstrap: () => make(...onMachine("k3s")),
    publish: () => make(...onMachine("accounts", "publisher"), caa),
    openMachine: () => openMachine(context, signal),
    outputs: () => machineOutputs(context, options),
    async down() {
      const gone = await applyOnly(context, { only: [...name, ...machine, caa], goal: "absent" }, options);
      checkNothingLeft(clouds);
      return gone;
    },
  };
}
