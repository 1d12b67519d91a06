import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Writes a stand-in's kubeconfig where kubectl and our own client read it; it holds a credential, hence 0600. */
export async function writeStandInKubeconfig(folder: string, user: string, text: string): Promise<string> {
  const file = join(folder, `${user}.kubeconfig`);
  await writeFile(file, text, { mode: 0o600 });
  return file;
}
