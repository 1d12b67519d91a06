import { defined } from "../core/base/index.ts";
import type { AccountSurroundings } from "./account.ts";
import type { AwsOptions } from "./aws/index.ts";
import type { AzureOptions, StandInAzure } from "./azure/index.ts";
import { forms } from "./errors/index.ts";
import type { Front, FrontSite } from "./front/index.ts";
import type { SandboxGoogleOptions, StandInGoogle } from "./gcp/index.ts";

type Tables = ReturnType<NonNullable<AwsOptions["tables"]>>;

/** The stand-ins that were asked for, and the options of AWS that they share. */
interface BesideOptions extends Pick<AwsOptions, "listen" | "logger" | "onDecision"> {
  readonly gcp?: SandboxGoogleOptions;
  readonly azure?: AzureOptions;
  readonly frontPort?: number;
  readonly frontFolder?: string;
}

/** A stand-in of another cloud, as its sandbox uses it. */
interface Opened<Shown> {
  readonly shown: Shown;
  readonly site: FrontSite;
  readonly tables: () => Tables;
  spread(): void;
  reset(): void;
  close(): Promise<void>;
}

/** How clusters sign if a stand-in does not verify the default: each takes RS256. */
const signing = { azure: "RS256" } as const;

/** The algorithm of clusters in a sandbox of these options. */
export function algorithmFor(options: BesideOptions): "ES256" | "RS256" {
  const names = Object.keys(signing) as readonly (keyof typeof signing)[];
  const needing = names.find((name) => options[name] !== undefined);
  return needing === undefined ? "ES256" : signing[needing];
}

/** What runs beside AWS in a sandbox: stand-ins of other clouds, and the front that serves their hosts. */
export interface Beside {
  readonly gcp: StandInGoogle | undefined;
  readonly azure: StandInAzure | undefined;
  readonly front: Front | undefined;
  /** Their tables, for the sandbox's page. */
  tables(): Tables;
  spread(): void;
  reset(): void;
  close(): Promise<void>;
}

async function openGoogleProject(
  gcp: SandboxGoogleOptions,
  { listen, logger, onDecision }: BesideOptions,
  surroundings: AccountSurroundings,
): Promise<Opened<StandInGoogle>> {
  const { openGoogle, sandboxGoogleForms } = await import("./gcp/index.ts");
  forms.members(sandboxGoogleForms)(gcp, "startSandbox: gcp");
  const options = { ...gcp, ...defined({ listen, logger, onDecision }) };
  const { shown, site, tables } = await openGoogle(options, surroundings.place);
  surroundings.alsoReadBy(shown);
  return {
    shown,
    site,
    tables,
    spread: () => shown.spread(),
    reset: () => shown.reset(),
    close: () => shown.close(),
  };
}

async function openAzureTenant(
  azure: AzureOptions,
  { onDecision }: BesideOptions,
  surroundings: AccountSurroundings,
): Promise<Opened<StandInAzure>> {
  const { azureForms, openAzure } = await import("./azure/index.ts");
  forms.members(azureForms)(azure, "startSandbox: azure");
  const opened = openAzure(azure, { ...surroundings.place, ...defined({ onDecision }) });
  surroundings.alsoReadBy(opened);
  const { shown, site } = opened;
  return {
    shown,
    site,
    tables: () => [],
    spread: () => shown.spread(),
    reset: () => opened.reset(),
    close: async () => opened.close(),
  };
}

/** The stand-in that was asked for; undefined if it was not. */
async function openedIf<Options, Shown>(
  options: Options | undefined,
  open: (options: Options) => Promise<Opened<Shown>>,
): Promise<Opened<Shown> | undefined> {
  return options === undefined ? undefined : open(options);
}

async function closeAll(all: readonly Opened<unknown>[]): Promise<void> {
  await Promise.all(all.map((one) => one.close()));
}

async function openFrontOf(
  all: readonly Opened<unknown>[],
  { frontPort: port, frontFolder: folder, logger }: BesideOptions,
): Promise<Front | undefined> {
  if (all.length === 0) return undefined;
  try {
    const { openFront } = await import("./front/index.ts");
    return await openFront({ sites: all.map(({ site }) => site), ...defined({ port, folder, logger }) });
  } catch (error) {
    await closeAll(all);
    throw error;
  }
}

/** Starts what the options ask for beside AWS. Loads no module unless it is asked for. */
export async function openBeside(options: BesideOptions, surroundings: AccountSurroundings): Promise<Beside> {
  const azure = await openedIf(options.azure, (asked) => openAzureTenant(asked, options, surroundings));
  const gcp = await openedIf(options.gcp, (asked) => openGoogleProject(asked, options, surroundings));
  const all = [gcp, azure].filter((one) => one !== undefined);
  const front = await openFrontOf(all, options);
  return {
    gcp: gcp?.shown,
    azure: azure?.shown,
    front,
    tables: () => all.flatMap((one) => one.tables()),
    spread() {
      for (const one of all) one.spread();
    },
    reset() {
      for (const one of all) one.reset();
    },
    async close() {
      await Promise.all([front?.close(), closeAll(all)]);
    },
  };
}
