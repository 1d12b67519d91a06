/**
 * The volume with the token, under the name that AWS's own webhook gives it (amazon-eks-pod-identity-webhook): it
 * adds neither volume nor mount to a pod that has one of this name, and we add none to a pod that it was faster at.
 */
export const tokenVolumeName = "aws-iam-token";

/**
 * Where a container finds the token: where AWS's webhook puts it, or, where another volume is mounted there, in a
 * folder of our own. AWS's webhook mounts over the other volume, and the API server refuses the pod.
 */
export const mountPaths = [
  "/var/run/secrets/eks.amazonaws.com/serviceaccount",
  "/var/run/secrets/podtrust.dev/serviceaccount",
] as const;

export const tokenFileName = "token";

/**
 * Volume and file of the token by which a pod asks an agent on its node for credentials, and where it is mounted, as
 * AWS's webhook has them (its container credentials). Nothing else is mounted there.
 */
export const containerTokenName = "eks-pod-identity-token";
export const containerMountPaths = [
  "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
  "/var/run/secrets/podtrust.dev/pod-identity",
] as const;

/**
 * The volume with the AWS config file of a pod that has several roles. It brings a token of its own, so that the file
 * can name it whatever happens to the other volume.
 */
export const configVolumeName = "podtrust-aws-config";
export const configMountPath = "/var/run/secrets/podtrust.dev/aws";
export const configFileName = "config";

/** A file in a folder. */
export function fileIn(folder: string, file: string): string {
  return folder.endsWith("/") ? folder + file : `${folder}/${file}`;
}

/** A folder's path without slashes at its end. */
export function folderPath(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}
