import { CodedError } from "@meshwork/foundation";

/** What the supervisor's tests need of a child, as its environment says. */
export async function main(): Promise<void> {
  const behaviour = process.env.MESHWORK_TEST_CHILD ?? "serve";
  const stayAlive = () => setInterval(() => {}, 1_000);
  switch (behaviour) {
    case "serve":
      stayAlive();
      process.once("SIGTERM", () => {
        process.stdout.write("stopped in order\n");
        process.exit(0);
      });
      process.send?.({ kind: "ready", url: "http://127.0.0.1:1" });
      return;
    case "refuse":
      throw new CodedError("NO_SUCH_THING", "there is no such thing");
    case "exit":
      process.exit(3);
      break;
    case "silent":
      stayAlive();
      return;
    case "stubborn":
      stayAlive();
      process.on("SIGTERM", () => {});
      process.send?.({ kind: "ready" });
      return;
    case "shout":
      stayAlive();
      process.stdout.write("x".repeat(10_000));
      process.send?.({ kind: "ready" });
      return;
    default:
      throw new TypeError(`no behaviour is called ${behaviour}`);
  }
}
