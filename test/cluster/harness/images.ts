import { writeArchive } from "../../../tools/image/index.ts";
import { pauseImage } from "./containerd.ts";

/** Writes the image of one static program that holds a pod's namespaces. */
export function writePauseImage(file: string, program: string): void {
  writeArchive(
    file,
    [{ path: "pause", mode: 0o755, content: { from: program } }],
    [{ name: pauseImage, entrypoint: ["/pause"], user: "65535:65535" }],
  );
}
