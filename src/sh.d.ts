/** Remote scripts: POSIX `sh` files that the build and the tests load as text. */
declare module "*.sh" {
  const script: string;
  export default script;
}
