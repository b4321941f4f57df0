/** The duty officer's page. */
import "./css/operations.css";
import "./elements/place-picker";
import "./elements/ops-bar";
import "./elements/ops-map";
import "./elements/ops-queue";
import "./elements/ops-subject";
import "./elements/ops-trend";
import { renewFigures } from "./elements/ops-bar";
import * as alarms from "./operations/alarms";
import * as help from "./operations/help";
import { listen, register } from "./operations/keys";
import * as presence from "./operations/presence";
import * as views from "./operations/views";
import { say } from "./operations/words";

// parts of the page that others keep
import.meta.glob(["./operations/scrubber.ts", "./operations/duty.ts", "./cameras.ts"], { eager: true });

if (document.querySelector("ops-queue")) {
  listen();
  register({ key: "?", word: say("keyHelp"), run: help.open });
  alarms.start();
  presence.start();
  renewFigures();
  void views.start();
}
