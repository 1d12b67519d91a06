/** A real sshd on loopback whose sessions see a folder in place of the machine's own /etc, /usr/local and so on. */
export { DisturbedSteps, type MachineStep } from "./disturbed-steps.ts";
export { busctl } from "./busctl.ts";
export { homeEnvironment, hostConfig } from "./config.ts";
export { hostForEachTest, type HostOfTest } from "./each-test.ts";
export {
  installedUnit,
  installK3sWith,
  installStarts,
  k3sProgram,
  pinnedArchives,
  pinnedCli,
  sha256,
  standInForK3s,
  startK3sWith,
} from "./k3s-host.ts";
export { openedServers, openedSession } from "./opened-servers.ts";
export {
  goodPublisher,
  unreadyPublisher,
  publisherProgram,
  standInForPublisher,
  writeRelease,
} from "./publisher-host.ts";
export type { SessionFault } from "./watched-sessions.ts";
export { hostFolders, type SshHost, startSshHost, whyNoSshHost } from "./ssh-host.ts";
