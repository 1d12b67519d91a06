import { type Command, Option } from "commander";
import { PodtrustError } from "../../core/base/index.ts";
import type { CommandUses } from "../../core/command-line/index.ts";
import type { CommandContext } from "../context.ts";
import { collect, withIssuerOptions, withNotServers, withProxySight } from "../options/stack.ts";
import type { Move, MoveOptions } from "./moves.ts";
import type { StolenOptions } from "./stolen.ts";

const exampleKid = "4vUPSxhQtpF1rGZgWS0HXGUcSWVfu3JAXIPdTGYPV5Q";
const exampleRecipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const guide = "rotate";

/** Examples and guide of the commands. */
export const rotateMoveUses: CommandUses = {
  "rotate prepare": {
    examples: [
      "podtrust rotate prepare",
      "podtrust rotate prepare --algorithm RS256",
      `podtrust rotate prepare --recipient ${exampleRecipient}`,
    ],
    guide,
  },
  "rotate promote": {
    examples: [
      "podtrust rotate promote",
      "podtrust rotate promote -f prod.yaml --identity next.txt",
      "podtrust rotate promote --yes",
    ],
    guide,
  },
  "rotate finish": {
    examples: [
      "podtrust rotate finish publication",
      `podtrust rotate finish publication ${exampleKid} --accept-loss shop/web-1`,
      `podtrust rotate finish verifiers ${exampleKid} --accept-loss ${exampleKid} --accept-loss ci/deployer-token`,
    ],
    guide,
  },
  "rotate abort": {
    examples: ["podtrust rotate abort", "podtrust rotate abort -f prod.yaml", "podtrust rotate abort --yes"],
    guide,
  },
  "rotate run": {
    examples: [
      "podtrust rotate run",
      "podtrust rotate run -f prod.yaml",
      "podtrust rotate run --algorithm RS256 --yes",
    ],
    guide,
  },
  "rotate stolen": {
    examples: [
      `podtrust rotate stolen ${exampleKid}`,
      `podtrust rotate stolen ${exampleKid} --at-once --yes`,
      `podtrust rotate stolen ${exampleKid} --thief-reaches-no-api --identity next.txt`,
    ],
    guide,
  },
};

const algorithm = (): Option =>
  new Option(
    "--algorithm <alg>",
    "algorithm of a new key (default: ES256 if every relying party of the config verifies it, else RS256)",
  ).choices(["ES256", "RS256"]);

/** `podtrust rotate prepare | promote | finish | abort | run | stolen`: moves across the API servers of `cluster.servers`. */
export function defineRotateMoves(rotate: Command, context: CommandContext): void {
  const carryOut = async (move: Move, options: MoveOptions, kid?: string): Promise<void> => {
    const { runMove } = await import("./moves.ts");
    await runMove(context, move, options, kid);
  };
  const define = (name: string, description: string): Command =>
    withNotServers(withIssuerOptions(rotate.command(name).description(description)))
      .option(
        "--without <address>",
        "SSH address of a control plane node that is gone, with :PORT where it needs one; repeatable",
        collect,
      )
      .option(
        "--copied",
        "k3s and RKE2: token, keys and datastore are copied, and no rotation of a CA waits for a restart",
      )
      .option(
        "--untried",
        "RKE2, several servers of k3s, embedded etcd: change keys there although nobody has tried it beside stand-ins",
      )
      .option("--yes", "do not ask");
  const recipient = (command: Command): Command =>
    command.option(
      "--recipient <age1…>",
      "encrypt a new next key, instead of leaving it on the machines; repeatable",
      collect,
    );
  const identity = ["--identity <file>", "age identity that opens an encrypted next key"] as const;
  recipient(
    define(
      "prepare",
      "make the next key: every API server verifies it, it is published, and it signs nothing",
    ),
  )
    .addOption(algorithm())
    .action((options: MoveOptions) => carryOut("prepare", options));
  withProxySight(
    define("promote", "sign with the next key, server by server, once no relying party lacks it"),
  )
    .option(...identity)
    .action((options: MoveOptions) => carryOut("promote", options));
  define("finish", "stop publishing the previous key, then remove it from the API servers")
    .argument("<where>", "publication or verifiers")
    .argument("[kid]", "key ID; by default the previous key that signed longest ago")
    .option(
      "--accept-loss <name>",
      "what is given up with the key, as the refusal names it: NAMESPACE/NAME of a pod or Secret, a server, or the key ID for tokens in use; repeatable",
      collect,
    )
    .action((where: string, kid: string | undefined, options: MoveOptions) =>
      carryOut(where === "verifiers" ? "finish verifiers" : checkedWhere(where), options, kid),
    );
  define("abort", "go back to the key that signed before, or give up the next one").action(
    (options: MoveOptions) => carryOut("abort", options),
  );
  recipient(
    withProxySight(
      define(
        "run",
        "rotate with all waits: prepare, promote, prepare the next spare key, finish publication",
      ),
    ),
  )
    .addOption(algorithm())
    .option(...identity)
    .action((options: MoveOptions) => carryOut("run", options));
  withProxySight(define("stolen", "say what the theft of a key means and costs, then end that key"))
    .argument("<kid>", "key ID, as rotate status shows it")
    .option(
      "--at-once",
      "replace every key in one restart of each API server: clients are refused until renewed",
    )
    .option(
      "--thief-reaches-no-api",
      "the next key signs beside the stolen one; all hangs on that you know this of the thief",
    )
    .option(
      "--one-by-one",
      "with --at-once: one API server after the other; each restart is the thief's time",
    )
    .addOption(algorithm())
    .option(...identity)
    .option("--wait", "wait until the next key may sign, if it may not yet")
    .option(
      "--cut",
      "let no token into AWS roles, Google pools and Azure identities that trust the issuer, until --reopen; roles deny their sessions everything",
    )
    .option("--end-sessions", "deny everything to existing sessions of those AWS roles")
    .option(
      "--reopen [name...]",
      "only open what was closed: roles, pools and identities of these names, or all",
    )
    .option("--evict", "evict the pods whose token is of that key, within their disruption budgets")
    .action(async (kid: string, options: StolenOptions) => {
      const { runStolen } = await import("./stolen.ts");
      await runStolen(context, options, kid);
    });
}

function checkedWhere(where: string): Move {
  if (where === "publication") return "finish publication";
  throw new PodtrustError("usage", `rotate finish ${where}: neither publication nor verifiers`, {
    next: "Run podtrust rotate finish publication, then podtrust rotate finish verifiers.",
  });
}
