/** Pages of notifications: their layout, and this browser's opting in. */
import "./css/notify.css";
import "./elements/push-opt";
