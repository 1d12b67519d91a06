import { homedir } from "node:os";
import { errorText, PodtrustError, setting } from "../base/index.ts";

/**
 * The home directory: $HOME, else what the system says of this user. Throws `home-unknown` where it knows nothing, as
 * in a container that runs as a uid without a user.
 */
export function homeDirectory(
  env: Readonly<Record<string, string | undefined>>,
  ask: () => string = homedir,
): string {
  const home = setting(env, "HOME");
  if (home !== undefined && home !== "") return home;
  try {
    return ask();
  } catch (cause) {
    throw new PodtrustError(
      "home-unknown",
      `HOME is not set, and the system knows no home directory of this user: ${errorText(cause)}`,
      { cause },
    );
  }
}
