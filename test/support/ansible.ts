import { dirname, join } from "node:path";
import { buildProgram } from "../cluster/build.ts";
import { pythonVenv, runProgram } from "./python-venv.ts";

/**
 * Ansible on a Python that is new enough for it, which is built once for the cluster suites. 14.5 brings hetzner.hcloud
 * 6.12, community.general 13.5, amazon.aws 11.4 and community.aws 11.2; the first imports what Ansible does not install.
 */
export const ansibleVenv = pythonVenv("ansible", "14.5.0", {
  also: ["requests==2.32.5", "python-dateutil==2.9.0.post0"],
  async interpreter() {
    const unpack = await buildProgram("embedded-python");
    const { code, out, err } = await runProgram(unpack, [join(dirname(unpack), "unpacked")], {});
    if (code !== 0) throw new Error(`${unpack}: ${err}`);
    return out.trim();
  },
});

interface PlaybookOutput {
  readonly plays: readonly {
    readonly tasks: readonly {
      readonly task: { readonly name: string };
      readonly hosts: { readonly localhost?: { readonly changed?: boolean; readonly msg?: string } };
    }[];
  }[];
}

/** What a playbook did. */
export interface PlaybookRun {
  /** The tasks that changed something, by name, in their order. */
  readonly changed: readonly string[];
  /** What each task said, where one of them failed. */
  readonly failed?: readonly string[];
}

export interface Playbook {
  readonly file: string;
  /** A folder for Ansible's own files. */
  readonly home: string;
  readonly variables: object;
  /** The interpreter that the modules run in; Ansible's own by default. */
  readonly python?: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a playbook on this machine, with nothing of its environment but what is told. */
export async function playbook(run: Playbook): Promise<PlaybookRun> {
  const { code, out, err } = await runProgram(
    ansibleVenv.program("ansible-playbook"),
    ["-i", "localhost,", "-c", "local", "-e", JSON.stringify(run.variables), run.file],
    {
      PATH: "/usr/bin:/bin",
      HOME: run.home,
      LANG: "C.UTF-8",
      // A module is fed to its interpreter, and no file copied first.
      ANSIBLE_PIPELINING: "true",
      ANSIBLE_HOME: join(run.home, "home"),
      ANSIBLE_STDOUT_CALLBACK: "ansible.posix.json",
      ANSIBLE_PYTHON_INTERPRETER: run.python ?? ansibleVenv.program("python"),
      ...run.env,
    },
    300_000,
  );
  const start = out.indexOf("{");
  if (start < 0) throw new Error(`ansible-playbook ended with ${code}: ${err.slice(-3000)}`);
  const { plays } = JSON.parse(out.slice(start)) as PlaybookOutput;
  const tasks = plays.flatMap((one) => one.tasks);
  const changed = tasks.filter(({ hosts }) => hosts.localhost?.changed === true);
  return {
    changed: changed.map(({ task }) => task.name),
    ...(code === 0
      ? {}
      : { failed: tasks.map(({ task, hosts }) => `${task.name}: ${hosts.localhost?.msg}`) }),
  };
}
