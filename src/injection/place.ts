/**
 * The volume with the token, under the name that AWS's own webhook gives it (amazon-eks-pod-identity-webhook): it
 * adds neither volume nor mount to a pod that has one of this name, and we add none to a pod that it was faster at.
 */
export const tokenVolumeName = "aws-iam-token";

/** Where a container finds the token, and where AWS's webhook puts it: whichever is free. */
export const mountPaths = [
  "/var/run/secrets/tokens",
  "/var/run/secrets/eks.amazonaws.com/serviceaccount",
] as const;

export const tokenFileName = "token";

/** The annotation of a ServiceAccount by which AWS's webhook knows the role. */
export const webhookRoleAnnotation = "eks.amazonaws.com/role-arn";

/** A folder's path without slashes at its end. */
export function folderPath(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}
