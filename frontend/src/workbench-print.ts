/** The planner's map on paper. */
import "./css/workbench.css";
import "./elements/gis-print";
