import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { RouteOptions } from "../options/route.ts";
import type { Afterwards, RotateOptions } from "./run.ts";
import { collect, withNotServers, withRoute } from "../options/stack.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

function withPublisher(command: Command): Command {
  return command
    .option("-f, --file <file>", "the publisher's config file (default: podtrust.yaml)")
    .option("--state <dir>", "the publisher's state directory, in place of a config file");
}

function withKey(command: Command): Command {
  return withPublisher(command.argument("<kid>", "key ID, as rotate status shows it")).option(
    "--stack <name>",
    "stack, if several have the key",
  );
}

/** Runs the command at a publisher elsewhere; false if the config's publisher is not one of those. */
type Elsewhere = (file: string, words: readonly string[], afterwards?: Afterwards) => Promise<boolean>;

/** Ends a key at the relying parties of a config, once it was withdrawn. */
type AtParties = (options: RotateOptions & RouteOptions, kid: string) => Promise<object>;

/** What a program has that reaches more than a publisher on this machine. */
export interface RotateReach {
  readonly elsewhere: Elsewhere;
  readonly across: Across;
  readonly atParties: AtParties;
  readonly handOver: HandOver;
}

/** Hands a key over at a publisher elsewhere; false if none is named, or the config's is not one of those. */
type HandOver = (options: RotateOptions, kid: string) => Promise<boolean>;

/** The keys across a config's API servers; undefined if it names none. */
type Across = (options: RotateOptions) => Promise<object | undefined>;

const optionWords = ({ stack, force }: RotateOptions): readonly string[] => [
  ...(stack === undefined ? [] : ["--stack", stack]),
  ...(force === true ? ["--force"] : []),
];

const exampleKid = "4vUPSxhQtpF1rGZgWS0HXGUcSWVfu3JAXIPdTGYPV5Q";

/** Examples and guide of the commands. */
export const uses: CommandUses = {
  "rotate status": {
    examples: [
      "podtrust rotate status",
      "podtrust rotate status --json",
      "podtrust rotate status --state /var/lib/podtrust",
    ],
    guide: "rotate",
  },
  "rotate distrust": {
    examples: [
      `podtrust rotate distrust ${exampleKid}`,
      `podtrust rotate distrust --stack prod ${exampleKid}`,
      `podtrust rotate distrust --state /var/lib/podtrust ${exampleKid}`,
    ],
    guide: "rotate",
  },
  "rotate restore": {
    examples: [
      `podtrust rotate restore ${exampleKid}`,
      `podtrust rotate restore --stack prod ${exampleKid}`,
      `podtrust rotate restore --state /var/lib/podtrust ${exampleKid}`,
    ],
    guide: "rotate",
  },
};

/** `podtrust rotate status`, `rotate distrust KID`, `rotate restore KID`: look at a running publisher, and say which keys it leaves out. */
export function define(rotate: Command, context: CommandContext, reach?: RotateReach): void {
  const { elsewhere, across, atParties, handOver } = reach ?? {};
  const isDone = async (
    options: RotateOptions,
    words: readonly string[],
    afterwards?: Afterwards,
  ): Promise<boolean> => {
    if (elsewhere === undefined || options.state !== undefined) return false;
    return elsewhere(options.file ?? "podtrust.yaml", words, afterwards);
  };
  const status = withPublisher(rotate.command("status"));
  // Only a config that may list API servers needs these options: they read what is published from outside.
  if (across !== undefined)
    withNotServers(
      withRoute(status).option("--without <address>", "leave out a control plane node that is gone", collect),
    );
  status
    .description("show each signing key of the running publisher, whether it signs, its state and its times")
    .action(async (options: RotateOptions) => {
      const more = options.state === undefined ? await across?.(options) : undefined;
      if (await isDone(options, ["status"], () => Promise.resolve(more ?? {}))) return;
      const { runRotateStatus } = await import("./run.ts");
      await runRotateStatus(context, options, more);
    });
  const distrust = withKey(rotate.command("distrust"));
  // Only a program that reaches relying parties looks from outside.
  if (atParties !== undefined) withRoute(distrust);
  distrust
    .description("remove a signing key from the published JWKS, at once; asks if the cluster signs with it")
    .option("--force", "remove it even if the cluster signs with it: AWS then refuses its tokens")
    .action(async (kid: string, options: RotateOptions & RouteOptions) => {
      // A state directory alone names no relying party.
      const isAsked = atParties !== undefined && options.state === undefined;
      const afterwards = isAsked ? () => atParties(options, kid) : undefined;
      if (await isDone(options, ["distrust", kid, ...optionWords(options)], afterwards)) return;
      const { runRotateDistrust } = await import("./run.ts");
      await runRotateDistrust(context, kid, options, afterwards);
    });
  withKey(rotate.command("restore"))
    .description("undo a distrust: publish the signing key again, or one that the cluster has not shown yet")
    .option("--public-key <file>", "PEM of that key, handed over by its ID; - is standard input")
    .action(async (kid: string, options: RotateOptions) => {
      if (options.state === undefined && (await handOver?.(options, kid)) === true) return;
      if (await isDone(options, ["restore", kid, ...optionWords(options)])) return;
      const { runRotateRestore } = await import("./run.ts");
      await runRotateRestore(context, kid, options);
    });
}
