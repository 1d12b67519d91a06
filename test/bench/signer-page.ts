import { availableParallelism } from "node:os";
import process from "node:process";
import { barOf, type Figures, plotLine } from "./plot.ts";

/** Megabytes of a process: all that is resident, and what of that is its own and no file's. */
export interface Memory {
  readonly resident: number;
  readonly own: number;
}

/** TokenRequests at one API server: milliseconds of each, and of processor time a token by whose it is. */
interface TokenTimes {
  /** Each client asks as soon as it has its answer. */
  readonly times: readonly number[];
  /** Each client asks once a second. */
  readonly paced: readonly number[];
  readonly processor: { readonly server: number; readonly signer: number; readonly holder: number };
}

/** Times in milliseconds, one of each call. */
export interface SignerResults {
  readonly when: string;
  readonly machine: string;
  readonly clients: number;
  /** TokenRequests at three API servers of one cluster with one RSA key. */
  readonly tokens: {
    readonly inTree: TokenTimes;
    readonly files: TokenTimes;
    readonly softHsm: TokenTimes;
  };
  /** Signatures of P-256 from a file, and the memory before the first and after each eighth. */
  readonly signs: {
    readonly calls: number;
    readonly times: readonly number[];
    readonly memory: readonly Memory[];
    /** A second. */
    readonly rate: number;
  };
  readonly kms: { readonly times: readonly number[]; readonly rate: number; readonly memory: Memory };
}

const aims = { aboveInTree: 3, megabytes: 90, kmsRate: 100, growth: 5 } as const;

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
}

const ms = (values: readonly number[], part: number): string => `${quantile(values, part).toFixed(1)} ms`;
const verdict = (aim: string, reached: boolean): string => `${aim}: ${reached ? "reached" : "**missed**"}`;

/** Median, 99th percentile, and whether the median is as near to the API server's own as it should be. */
function waits(times: readonly number[], inTree: readonly number[]): readonly [string, string, string] {
  const above = quantile(times, 0.5) - quantile(inTree, 0.5);
  const aim = `median within ${aims.aboveInTree} ms of in-tree`;
  return [ms(times, 0.5), ms(times, 0.99), times === inTree ? "" : verdict(aim, above < aims.aboveInTree)];
}

const pacedRow = (what: string, { paced }: TokenTimes, inTree: TokenTimes): string =>
  `| ${[what, ...waits(paced, inTree.paced)].join(" | ")} |`;

function tokenRow(what: string, { times, processor }: TokenTimes, inTree: TokenTimes): string {
  const [median, most, said] = waits(times, inTree.times);
  const { server, signer, holder } = processor;
  const parts = [server, signer, holder].map((one) => one.toFixed(2)).join(" + ");
  return `| ${what} | ${median} | ${most} | ${parts} ms | ${said} |`;
}

const signedBy = {
  inTree: "the API server",
  files: "the signer, a file",
  softHsm: "the signer, PKCS #11 by SoftHSM",
} as const;
const holders = ["inTree", "files", "softHsm"] as const;

/** What the page's plot is drawn from. */
export function signerFigures({ when, machine, tokens, signs, kms }: SignerResults): Figures {
  return {
    title: "What a signer takes",
    axis: "Time of a token or signature",
    unit: "ms",
    date: when,
    machine,
    bars: [
      ...holders.map((who) => barOf(`a token, once a second: ${signedBy[who]}`, tokens[who].paced)),
      ...holders.map((who) => barOf(`a token, processors full: ${signedBy[who]}`, tokens[who].times)),
      barOf("a signature: the signer, a file", signs.times),
      barOf("a signature: the signer, AWS KMS by moto", kms.times),
    ],
  };
}

/** docs/reference/benchmarks/signer.md. */
export function renderSignerPage(results: SignerResults): string {
  const { when, machine, clients, tokens, signs, kms } = results;
  const [warm, ...later] = signs.memory.slice(1);
  const last = later.at(-1);
  const most = Math.max(...signs.memory.map(({ resident }) => resident));
  const growth = (last?.own ?? 0) - (warm?.own ?? 0);
  const processors = availableParallelism();
  const aboveInTree = (aims.aboveInTree * processors) / clients;
  const memory = signs.memory.map(({ resident, own }, index) => {
    const calls = (signs.calls / (signs.memory.length - 1)) * index;
    return `| ${calls} | ${resident.toFixed(1)} MB | ${own.toFixed(1)} MB |`;
  });
  return [
    "<!-- Written by `npm run bench -- signer` (test/bench/). Do not edit. -->",
    "# What a signer takes",
    "",
    `Measured ${when} on ${machine}; Node ${process.version}. Everything runs on this machine: API servers, signers and clients.`,
    "",
    plotLine("signer", "Median and spread of a token's time at each API server, and of a signature's"),
    "",
    "## A token of the API server",
    `TokenRequests of ${clients} clients at three API servers of one cluster, one after the other in each round, ${tokens.inTree.times.length} at each in either way.`,
    "All sign with one RSA key of 2048 bits: the first itself, the second by `podtrust signer` from a file, the third by it from SoftHSM.",
    "",
    "Each client asks once a second:",
    "",
    "| who signs | median | 99 of 100 within | aim |",
    "| --- | ---: | ---: | --- |",
    ...holders.map((who) => pacedRow(signedBy[who], tokens[who], tokens.inTree)),
    "",
    "Each client asks as soon as it has its answer, so that the processors are full:",
    "",
    "| who signs | median | 99 of 100 within | processor time a token: API server + signer + the token's program | aim |",
    "| --- | ---: | ---: | ---: | --- |",
    ...holders.map((who) => tokenRow(signedBy[who], tokens[who], tokens.inTree)),
    "",
    "Where the load average is above the number of processors, other work has most of each wait: then only differences of many times say anything.",
    `With ${clients} clients on ${processors} processors, ${aims.aboveInTree} ms of the median are ${aboveInTree.toFixed(2)} ms of processor time a token, whoever spends it.`,
    "SoftHSM signs one after the other in one process; the API server and the signer with a file sign on all processors.",
    "",
    "## The signer by itself",
    `${signs.calls} signatures of P-256 from a file, ${clients} at a time: ${signs.rate.toFixed(0)} a second, median ${ms(signs.times, 0.5)}, 99 of 100 within ${ms(signs.times, 0.99)}.`,
    "",
    "| after so many | resident | its own |",
    "| ---: | ---: | ---: |",
    ...memory,
    "",
    `- ${verdict(`Less than ${aims.megabytes} MB resident`, most < aims.megabytes)}, ${most.toFixed(1)} MB at the most. Of these, what is not its own are pages of Node's program file.`,
    `- ${verdict(`No growth, within ${aims.growth} MB of its own between the first eighth and the last`, growth < aims.growth)}, ${growth.toFixed(1)} MB.`,
    "",
    "## AWS KMS",
    `moto stands in for KMS, in Python on this machine; its signatures are real. A round trip to AWS takes what the network takes.`,
    "",
    `- ${verdict(`At least ${aims.kmsRate} signatures a second`, kms.rate >= aims.kmsRate)}, ${kms.rate.toFixed(0)} with ${clients} at a time.`,
    `- Median ${ms(kms.times, 0.5)}, 99 of 100 within ${ms(kms.times, 0.99)}.`,
    `- The signer has ${kms.memory.resident.toFixed(1)} MB; the program that asks KMS is another process.`,
    "",
    "`npm run bench -- signer` makes this page. It needs what `npm run test:cluster` needs, Debian's softhsm2 and PyPI.",
    "",
  ].join("\n");
}
