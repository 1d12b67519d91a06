import type { Clock } from "../../core/base/index.ts";

/** A program that a kubeconfig names, before it is run. */
export interface ExecPlugin {
  /** The file that names it: where it really is, as far as that can be known. */
  readonly kubeconfig: string;
  /** As it would be run: an absolute path, or a name that is looked up in PATH. */
  readonly command: string;
  readonly args: readonly string[];
  /** What the kubeconfig sets in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * `sha256:` and the digest, in hex, of the kubeconfig's content, and of command, arguments and environment as they
   * are written there; where the command is a path, also of that file. It does not cover what the program itself loads.
   */
  readonly digest: string;
}

/** Says whether a program may run: asks, or remembers. */
export type PluginConsent = (plugin: ExecPlugin) => Promise<boolean>;

/** What the adapter takes from the process around it. */
export interface ClusterEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The working folder; the process's own by default. */
  readonly cwd?: string;
  /** Whether a program that was not chosen here may run; by default it may not. */
  readonly consent?: PluginConsent;
}
