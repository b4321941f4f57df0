/** The planner's map. */
import "./css/workbench.css";
import "./elements/place-picker";
import "./elements/gis-layers";
import "./elements/gis-workbench";
