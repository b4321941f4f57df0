import "./elements/time-chart";
