import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { kubernetesKid } from "../../../src/rules/keys/index.ts";
import { casesOf } from "../runs.ts";
import { type ProgramFault, ProgramFaults } from "./program-faults.ts";
import type { SshHost } from "./ssh-host.ts";

/** A step of a move on a control plane machine. */
export interface MachineStep {
  /** What stands on the machine before it. */
  readonly given?: Readonly<Record<string, string>>;
  /** Steps that came before, undisturbed. */
  readonly before?: (machine: ServerMachine) => Promise<unknown>;
  /** Does it, as a run does that finds what the last one left. */
  readonly work: (machine: ServerMachine) => Promise<unknown>;
  /** Files that have their old or their new text at any time, whatever was cut. */
  readonly whole: readonly string[];
  /** What happens after it was disturbed, before it is repeated. */
  readonly between?: (machine: ServerMachine, where: string) => Promise<void>;
  /** It makes another key each time: none is half, and that is all that can be compared. */
  readonly isRandom?: true;
}

/** Of a host: what the steps change. */
export interface DisturbedDisk {
  /** Folders that are emptied before a step, `/etc/kubernetes`. */
  readonly folders: readonly string[];
  /** What of a file's text is compared; undefined where nothing is. */
  readonly compared: (path: string, text: string) => string | undefined;
}

type Tree = ReadonlyMap<string, { readonly mode: number; readonly text: string }>;

/** Does steps over SSH, each of them disturbed before each program that it starts, and then once more. */
export class DisturbedSteps {
  readonly #host: SshHost;
  readonly #machine: ServerMachine;
  readonly #faults: ProgramFaults;
  readonly #disk: DisturbedDisk;

  private constructor(host: SshHost, machine: ServerMachine, faults: ProgramFaults, disk: DisturbedDisk) {
    this.#host = host;
    this.#machine = machine;
    this.#faults = faults;
    this.#disk = disk;
  }

  static async on(host: SshHost, machine: ServerMachine, disk: DisturbedDisk): Promise<DisturbedSteps> {
    return new DisturbedSteps(host, machine, await ProgramFaults.on(host), disk);
  }

  /** Every place of a step, or in the gate one of eight; the fault of each. */
  async each(step: MachineStep, fault: ProgramFault, t: TestContext): Promise<void> {
    await this.#faults.begin();
    await this.#prepare(step);
    this.#save();
    await this.#faults.begin();
    await step.work(this.#machine);
    const count = await this.#faults.count();
    const ended = this.#tree();
    assert.ok(count > 0, `${count} programs`);
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    const tried = casesOf(numbers, Math.max(8, Math.ceil(count / 4)));
    for (const number of tried) await this.#disturb(step, ended, { number, fault });
    t.diagnostic(`${tried.length} of ${count} programs`);
  }

  #at(path: string): string {
    return join(this.#host.root, path);
  }

  async #prepare({ given = {}, before }: MachineStep): Promise<void> {
    for (const folder of this.#disk.folders) {
      await rm(this.#at(folder), { recursive: true, force: true });
      await mkdir(this.#at(folder), { recursive: true });
    }
    for (const [path, text] of Object.entries(given)) {
      await mkdir(dirname(this.#at(path)), { recursive: true });
      await writeFile(this.#at(path), text, { mode: path.endsWith(".pub") ? 0o644 : 0o600 });
    }
    await before?.(this.#machine);
  }

  get #saved(): string {
    return join(this.#host.root, "..", "saved");
  }

  /** Times and modes too: k3s compares the times of its files. */
  #save(): void {
    execFileSync("rm", ["-rf", this.#saved]);
    for (const folder of this.#disk.folders) {
      execFileSync("mkdir", ["-p", dirname(this.#saved + folder)]);
      execFileSync("cp", ["-a", this.#at(folder), this.#saved + folder]);
    }
  }

  #restore(): void {
    for (const folder of this.#disk.folders) {
      execFileSync("rm", ["-rf", this.#at(folder)]);
      execFileSync("cp", ["-a", this.#saved + folder, this.#at(folder)]);
    }
  }

  /** Every file that is compared, with its mode and text. */
  #tree(): Tree {
    const found = this.#disk.folders.flatMap((folder) =>
      existsSync(this.#at(folder))
        ? readdirSync(this.#at(folder), { recursive: true, encoding: "utf8" })
            .sort()
            .map((name) => join(folder, name))
        : [],
    );
    return new Map(
      found.flatMap((path) => {
        const facts = lstatSync(this.#at(path));
        if (!facts.isFile()) return [];
        const text = this.#disk.compared(path, readFileSync(this.#at(path), "latin1"));
        return text === undefined ? [] : [[path, { mode: facts.mode & 0o777, text }] as const];
      }),
    );
  }

  async #disturb(
    step: MachineStep,
    ended: Tree,
    { number, fault }: { readonly number: number; readonly fault: ProgramFault },
  ): Promise<void> {
    await this.#faults.begin();
    this.#restore();
    const began = this.#tree();
    await this.#faults.begin(number, fault);
    await this.#faults.during(step.work(this.#machine));
    const where = `${fault} at ${number} (${this.#faults.reached()})`;
    keysAreKept(this.#tree());
    const between = this.#tree();
    for (const path of step.whole) {
      const texts = [began.get(path)?.text, ended.get(path)?.text];
      assert.ok(
        texts.includes(between.get(path)?.text),
        `${where}: ${path} is neither what it was nor what it becomes`,
      );
    }
    await this.#faults.begin();
    await step.between?.(this.#machine, where);
    await step.work(this.#machine);
    if (step.isRandom !== true) assert.deepEqual(this.#tree(), ended, where);
  }
}

/** No private key can be read by more than its owner, and its group where the API server has one; none is under another's ID. */
function keysAreKept(tree: Tree): void {
  for (const [path, { mode, text }] of tree) {
    const isKey = text.includes("PRIVATE KEY") || path.endsWith(".key");
    if (!isKey) continue;
    assert.equal(mode & 0o037, 0, `${path} has mode ${mode.toString(8)}`);
    const kid = /podtrust-sa-(?<kid>[\w-]{43})\.key$/u.exec(path)?.groups?.["kid"];
    if (kid !== undefined) assert.equal(kubernetesKid(createPublicKey(text)), kid, path);
  }
}
