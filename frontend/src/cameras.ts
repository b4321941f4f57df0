/** Cameras of the operations centre. */
import "./css/cameras.css";
import "./elements/camera-view";
