import { launch } from "../../../scripts/launch.mjs";

await launch(new URL("./fake-main.ts", import.meta.url));
