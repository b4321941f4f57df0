"""Every kind of mistake in a pack or a city is said with file, line, key and what is allowed, or what was probably meant."""

import shutil

import pytest

from dothi import packs
from dothi.city.wanted import read
from dothi.kit.errors import BadInput
from tests.city.conftest import SQUARE, collection
from tests.packs import sound
from tests.packs.test_new_sector import BEACHES

# the file, what is written, what instead, and the fault (its beginning, where it is long)
MISTAKES = [
    ("beaches/page.yaml", "    ask:", "\task:",
     "beaches/page.yaml:3: not YAML: found a tab character that violates indentation; allowed: spaces before a key, never tabs"),
    ("beaches/sector.yaml", "icon: waves", "icon waves",
     "beaches/sector.yaml:5: not YAML: could not find expected ':'; allowed: key: value, with a colon and a space"),
    ("beaches/sector.yaml", "title: {vi: Bãi tắm, en: Bathing places}", "title: {vi: Bãi tắm, en: Bathing places",
     "beaches/sector.yaml:3: not YAML: did not find expected ',' or '}'; allowed: a comma between entries and a } at the end; a text with a comma or a colon needs quotes"),
    ("beaches/sector.yaml", "code: beaches", "code: beaches\ncode: beach",
     'beaches/sector.yaml:2: code: "code" is already given in line 1'),
    ("beaches/alerts.yaml", "clear: {margin", "clear: &c {a: *c, margin",
     "beaches/alerts.yaml:8: rules.0.clear.a: an alias stands inside what it names"),
    ("beaches/alerts.yaml", "clear: {margin", "clear: {when: *nowhere, margin",
     "beaches/alerts.yaml:8: not YAML: found undefined alias; allowed: &name before it is used as *name"),
    ("beaches/sector.yaml", "icon: waves", "icon: waves\n---\na: 1",
     "beaches/sector.yaml:6: not YAML: but found another document; allowed: one document a file, without ---"),
    ("beaches/sector.yaml", "icon: waves", "icon: waves\n? [a]\n: b",
     "beaches/sector.yaml:6: a key must be one word"),
    ("beaches/sector.yaml", "code: beaches", "code: beach",
     'beaches/sector.yaml:1: code: the folder is called "beaches", the sector "beach"'),
    ("beaches/sector.yaml", "icon: waves", "icon: wave",
     'beaches/sector.yaml:5: icon: no icon "wave"; did you mean "waves"?; allowed: activity, arrow-down,'),
    ("beaches/sector.yaml", "version: 1", "version: one",
     "beaches/sector.yaml:2: version: 'one': input should be a valid integer, unable to parse string as an integer"),
    ("beaches/sector.yaml", "headline: [rip-current, bathers]", "headline: [rip-curent]",
     'beaches/sector.yaml:6: headline.0: no property "rip-curent"; did you mean "rip-current"?; allowed: rip-current, bathers'),
    ("beaches/sector.yaml", "{vi: Bãi tắm, en: Bathing places}", "Bãi tắm",
     "beaches/sector.yaml:3: title: 'Bãi tắm' is no mapping; allowed: a mapping with vi, en"),
    ("beaches/sector.yaml", "{vi: Bãi tắm, en: Bathing places}", "{vi: Bãi tắm}",
     "beaches/sector.yaml:3: title.en: is missing"),
    ("beaches/observed_properties.yaml", "decimals: 1", "decimal: 1",
     'beaches/observed_properties.yaml:6: properties.0.decimal: no key "decimal" here; did you mean "decimals"?; allowed: code, name, description, definition, model, unit, d'),
    ("beaches/observed_properties.yaml", "ucum: m/s", "ucum: mps",
     'beaches/observed_properties.yaml:5: properties.0.unit.ucum: "mps" is not a UCUM unit; allowed: a code of UCUM, as in m/s, ug/m3, Cel, %, {persons}'),
    ("beaches/observed_properties.yaml", "code: bathers", "code: pump-power",
     'works/observed_properties.yaml:2: properties.0.code: property "pump-power" is already in beaches'),
    ("beaches/observed_properties.yaml", "code: bathers", "code: rip-current",
     'beaches/observed_properties.yaml:15: properties.1.code: property "rip-current" is already in beaches'),
    ("beaches/observed_properties.yaml", "state: major", "state: maior",
     'beaches/observed_properties.yaml:13: properties.0.state.when.1.state: \'maior\' is none of the choices; did you mean "minor"?; allowed: normal, minor, major, critical'),
    ("beaches/observed_properties.yaml", "plausible: [0, 5]", "plausible: [5, 0]",
     "beaches/observed_properties.yaml:7: properties.0.plausible: the smallest value is not below the largest; allowed: [smallest, largest]"),
    ("beaches/observed_properties.yaml", "from: 1.0", "from: high",
     "beaches/observed_properties.yaml:12: properties.0.state.when.0.from: 'high': input should be a valid number, unable to parse string as a number"),
    ("beaches/observed_properties.yaml", "stale_minutes: 60", "stale_minutes: -60",
     "beaches/observed_properties.yaml:10: properties.0.state.stale_minutes: -60: input should be greater than 0"),
    ("beaches/observed_properties.yaml", "stale_minutes: 60", "stale_minutes: 60\n      index: vn-aqi",
     "beaches/observed_properties.yaml:9: properties.0.state: judges in more than one way; give one of when, index, levels"),
    ("beaches/observed_properties.yaml", "kind: count", "kind: counter",
     'beaches/observed_properties.yaml:20: properties.1.kind: \'counter\' is none of the choices; did you mean "count"?; allowed: measurement, count, truth, category'),
    ("beaches/datasets.yaml", "geometry_type: Point", "geometry_type: Punkt",
     'beaches/datasets.yaml:5: datasets.0.geometry_type: \'Punkt\' is none of the choices; did you mean "Point"?; allowed: Point, MultiPoint, LineString, MultiLineStrin'),
    ("beaches/datasets.yaml", "title-en: Code, x-role: key", "title-en: Code, x-role: key, x-model: name",
     'beaches/datasets.yaml:20: datasets.0.schema.properties.name.x-model: "code" is the name of the model already'),
    ("beaches/datasets.yaml", "    model: {name: Beach, url: https://smart-data-models.github.io/dataModel.PointOfInterest/Beach/schema.json}\n", "",
     "beaches/datasets.yaml:19: datasets.0.schema.properties.name.x-model: an attribute of no model; allowed: model: {name, url} of the dataset"),
    ("beaches/datasets.yaml", "name: Beach, url: https", "name: beach, url: https",
     "beaches/datasets.yaml:14: datasets.0.model.name: 'beach': string should match pattern '^[A-Z][A-Za-z0-9]{1,79}$'; allowed: a type of the Smart Data Models, as in OffStreetParking"),
    ("beaches/datasets.yaml", "url: https:", "url: ftp:",
     "beaches/datasets.yaml:14: datasets.0.model.url: 'ftp://smart-data-models.github.io/dataModel.PointOfInter…: string should match pattern"),
    ("beaches/datasets.yaml", "x-model: name", "x-model: [name]",
     "beaches/datasets.yaml:20: datasets.0.schema.properties.name.x-model: "),
    ("beaches/datasets.yaml", "key_field: code", "key_field: id",
     'beaches/datasets.yaml:6: datasets.0.key_field: no property "id"; allowed: code, name, flag, guards'),
    ("beaches/datasets.yaml", "fields: [code, name, flag]", "fields: [code, name, colour]",
     'beaches/datasets.yaml:11: datasets.0.style.fields.2: no property "colour"; allowed: code, name, flag, guards'),
    ("beaches/datasets.yaml", "type: circle", "type: circel",
     'beaches/datasets.yaml:13: datasets.0.style.layers.0.type: no kind of layer "circel"; did you mean "circle"?; allowed: circle, fill, line'),
    ("beaches/datasets.yaml", "circle-radius: 7", "circle-size: 7",
     'beaches/datasets.yaml:13: datasets.0.style.layers.0.paint.circle-size: "circle-size" is nothing of a layer circle; did you mean "circle-translate"?; allowed: circle-radius, circle-color'),
    ("beaches/datasets.yaml", "[match, [get, flag]", "[matches, [get, flag]",
     'beaches/datasets.yaml:13: datasets.0.style.layers.0.paint.circle-color.0: no expression \'matches\'; did you mean "match"?; allowed: let, var, literal'),
    ("beaches/datasets.yaml", "[match, [get, flag]", "[match, [has-not, flag]",
     "beaches/datasets.yaml:13: datasets.0.style.layers.0.paint.circle-color.1.0: no expression 'has-not'; did you mean \"has\"?; allowed: let, var, literal"),
    ("beaches/datasets.yaml", "circle-radius: 7", "circle-radius: [interpolate, linear, [zoom], 9, 2]",
     "beaches/datasets.yaml:13: datasets.0.style.layers.0.paint.circle-radius.1: 'linear' is no way to interpolate; allowed: [linear], [exponential, base], [cubic-bezier, …]"),
    ("beaches/datasets.yaml", "circle-radius: 7", "circle-radius: big",
     "beaches/datasets.yaml:13: datasets.0.style.layers.0.paint.circle-radius: 'big' is no number; allowed: a number, or an expression that makes one"),
    ("beaches/datasets.yaml", "circle-radius: 7", "circle-sort-key: 7",
     'beaches/datasets.yaml:13: datasets.0.style.layers.0.paint.circle-sort-key: "circle-sort-key" belongs under layout; allowed: layout: {circle-sort-key: …}'),
    ("beaches/datasets.yaml", "circle-radius: 7", "circle-pitch-scale: maps",
     "beaches/datasets.yaml:13: datasets.0.style.layers.0.paint.circle-pitch-scale: 'maps' is none of the choices; did you mean \"map\"?; allowed: map, viewport"),
    ("beaches/datasets.yaml", "{type: circle,", "{type: circle, minzom: 9,",
     'beaches/datasets.yaml:13: datasets.0.style.layers.0.minzom: no key "minzom" of a layer; did you mean "minzoom"?; allowed: type, minzoom, maxzoom, filter, layout, paint'),
    ("beaches/datasets.yaml", "[get, flag]", "[get, colour]",
     'beaches/datasets.yaml:13: datasets.0.style.layers.0.paint.circle-color.1.1: no property "colour"; allowed: code, name, flag, guards'),
    ("beaches/datasets.yaml", "type: integer, title: Số", "type: whole, title: Số",
     'beaches/datasets.yaml:26: datasets.0.schema.properties.guards.type: "whole"; allowed: one of string, number, integer, boolean, array, object, or [one of them, null]'),
    ("beaches/datasets.yaml", "minimum: 0", "minimun: 0",
     "beaches/datasets.yaml:26: datasets.0.schema.properties.guards.minimun: says nothing of a integer here; allowed: $comment, const, default, deprecated, descriptio"),
    ("beaches/datasets.yaml", "required: [code, name, flag]", "required: [code, name, flags]",
     "beaches/datasets.yaml:17: datasets.0.schema.required.2: no field 'flags'; allowed: code, name, flag, guards"),
    ("beaches/datasets.yaml", "x-role: key", "x-role: keys",
     'beaches/datasets.yaml:19: datasets.0.schema.properties.code.x-role: "keys"; allowed: key, name, valid-from, valid-until'),
    ("beaches/datasets.yaml", "guards: {type: integer,", "guards: {type: string, x-reference: {dataset: pump},",
     "beaches/datasets.yaml:26: datasets.0.schema.properties.guards.minimum: says nothing of a string here; allowed: $comment, const, default, deprecated, description"),
    ("beaches/datasets.yaml", "code: bathing-places", "code: pumps",
     'works/datasets.yaml:2: datasets.0.code: dataset "pumps" is already in beaches'),
    ("beaches/datasets.yaml", "frequency: DAILY", "frequency: EVERYDAY",
     'beaches/datasets.yaml:7: datasets.0.frequency: \'EVERYDAY\' is none of the choices; did you mean "NEVER"?; allowed: UPDATE_CONT, HOURLY, DAILY, WEEKLY, BIWEEKLY, '),
    ("beaches/datasets.yaml", "themes: [ENVI, HEAL]", "themes: [ENVI, SEA]",
     "beaches/datasets.yaml:8: datasets.0.themes.1: 'SEA' is none of the choices; allowed: AGRI, ECON, EDUC, ENER, ENVI, GOVE, HEAL, INTR, JUST, REGI, SOCI, TECH, TRAN"),
    ("beaches/alerts.yaml", "on: {property: rip-current}", "on: {property: rip}",
     'beaches/alerts.yaml:4: rules.0.on.property: no property "rip"; allowed: rip-current, bathers, pump-power, canal-stage'),
    ("beaches/alerts.yaml", "lasting: 10m", "lasting: 10 minutes",
     'beaches/alerts.yaml:7: rules.0.when.major.lasting: "10 minutes" is no time to wait; write for example 90s, 10m, 1h30m or 2d'),
    ("beaches/alerts.yaml", "lasting: 10m", "lasts: 10m",
     'beaches/alerts.yaml:7: rules.0.when.major.lasts: no key "lasts" here; did you mean "lasting"?; allowed: above, from, below, to, outside, equals, rate, absent, u'),
    ("beaches/alerts.yaml", "critical: {from: 1.0}", "criticall: {from: 1.0}",
     'beaches/alerts.yaml:6: rules.0.when.criticall: \'criticall\' is none of the choices; did you mean "critical"?; allowed: critical, major, minor, warning'),
    ("beaches/alerts.yaml", "critical: {from: 1.0}", 'critical: {formula: "rip-current >"}',
     "beaches/alerts.yaml:6: rules.0.when.critical.formula: 'rip-current >' is no formula; allowed: numbers, names, + - * / %, ** with a whole number up to 4, < <= > "),
    ("beaches/alerts.yaml", "critical: {from: 1.0}", "critical: {from: {level: bd9}}",
     'beaches/alerts.yaml:6: rules.0.when.critical.from: no level "bd9" of rip-current'),
    ("beaches/alerts.yaml", "procedure: clear-water", "procedure: clear-watr",
     'beaches/alerts.yaml:9: rules.0.procedure: no procedure "clear-watr"; did you mean "clear-water"?; allowed: clear-water'),
    ("beaches/alerts.yaml", "    procedure: clear-water", "    suppress: {parents: [strong-rain]}\n    procedure: clear-water",
     'beaches/alerts.yaml:9: rules.0.suppress.parents.0: no rule "strong-rain"; did you mean "strong-rip"?; allowed: strong-rip'),
    ("beaches/alerts.yaml", "    procedure: clear-water", '    schedule: {hours: [{from: 6am, to: "18:00"}]}\n    procedure: clear-water',
     "beaches/alerts.yaml:9: rules.0.schedule.hours.0.from: '6am': string should match pattern '^([01]\\d|2[0-3]):[0-5]\\d$'"),
    ("beaches/alerts.yaml", "minutes: 5", "minutes: -5",
     "beaches/alerts.yaml:17: procedures.0.steps.0.minutes: -5: input should be greater than 0"),
    ("beaches/alerts.yaml", "role: dispatcher", "role: dispacher",
     'beaches/alerts.yaml:17: procedures.0.steps.0.role: no role "dispacher"; did you mean "dispatcher"?; allowed: reporter, field-worker, officer, dispatcher, manage'),
    ("beaches/alerts.yaml", "- code: clear-water", "- code: strong-rip",
     'beaches/alerts.yaml:9: rules.0.procedure: no procedure "clear-water"; allowed: strong-rip'),
    ("beaches/cases.yaml", "type: report ", "type: reports ",
     'beaches/cases.yaml:3: categories.0.type: no type "reports"; did you mean "report"?; allowed: report'),
    ("beaches/cases.yaml", "code: beach-danger", "code: pump-noise",
     'works/cases.yaml:17: categories.0.code: category "pump-noise" is already in beaches'),
    ("beaches/cases.yaml", "resolve: {working_days: 1}", "resolve: {working_days: -1}",
     "beaches/cases.yaml:10: categories.0.timers.resolve.working_days: -1: input should be greater than or equal to 1"),
    ("beaches/cases.yaml", "resolve: {working_days: 1}", "resolved: {working_days: 1}",
     'beaches/cases.yaml:10: categories.0.timers: no timer "resolved"; did you mean "resolve"?; allowed: resolve'),
    ("beaches/cases.yaml", "resolve: {working_days: 1}", "resolve: {working_days: 1, hours: 4}",
     "beaches/cases.yaml:10: categories.0.timers.resolve: an amount is said in one unit; allowed: working_days, working_hours or hours"),
    ("beaches/cases.yaml", "datasets: [bathing-places]", "datasets: [bathing-place]",
     'beaches/cases.yaml:11: categories.0.datasets.0: no dataset "bathing-place"; did you mean "bathing-places"?; allowed: bathing-places, pumps, canals, pump-near'),
    ("beaches/cases.yaml", "priority: high", "priority: hight",
     'beaches/cases.yaml:8: categories.0.priority: \'hight\' is none of the choices; did you mean "high"?; allowed: low, normal, high, urgent'),
    ("beaches/cases.yaml", 'number: "114"', "number: 114",
     "beaches/cases.yaml:9: categories.0.emergency.0.hotline.number: 114: input should be a valid string"),
    ("works/cases.yaml", "to: done, who", "to: finished, who",
     'works/cases.yaml:13: types.0.transitions.1.to: no state "finished"; allowed: received, working, done'),
    ("works/cases.yaml", "runs: [received, working]", "runs: [waiting]",
     'works/cases.yaml:15: types.0.timers.0.runs: no state "waiting"; allowed: received, working, done'),
    ("works/cases.yaml", "runs: [received, working]", "runs: []",
     "works/cases.yaml:15: types.0.timers.0.runs: has 0 entries; allowed: at least 1"),
    ("works/cases.yaml", "      - {code: done,", "      - {code: lost, title: {vi: Lạc, en: Lost}, phase: open}\n      - {code: done,",
     'works/cases.yaml:10: types.0.states.2: no step leads to the state "lost"; allowed: a step to: lost'),
    ("works/cases.yaml", "from: [received], to: working", "from: [received], to: done",
     'works/cases.yaml:9: types.0.states.1: no step leads to the state "working"; allowed: a step to: working'),
    ("works/cases.yaml", "start: received", "start: recieved",
     'works/cases.yaml:6: types.0.start: no state "recieved"; did you mean "received"?; allowed: received, working, done'),
    ("works/cases.yaml", "when: {type: string", "when: {type: text",
     'works/cases.yaml:23: categories.0.questions.properties.when.type: "text"; allowed: one of string, number, integer, boolean, array, object, or [one of them, null]'),
    ("beaches/indicators.yaml", "observations: {property: rip-current, where", "observations: {property: rip_current, where",
     "beaches/indicators.yaml:10: indicators.0.inputs.safe.observations.property: 'rip_current': string should match pattern '^[a-z0-9][a-z0-9-]*$'; allowed: small le"),
    ("beaches/indicators.yaml", "max < 0.5", "maximum < 0.5",
     'beaches/indicators.yaml:10: indicators.0.inputs.safe.observations.where: no "maximum" of a rollup; did you mean "max"?; allowed: mean, min, max, sum, first, las'),
    ("beaches/indicators.yaml", "max < 0.5", "max <",
     "beaches/indicators.yaml:10: indicators.0.inputs.safe.observations.where: 'max <' is no formula; allowed: numbers, names, + - * / %, ** with a whole number up to"),
    ("beaches/indicators.yaml", "denominator: hours", "denominator: hour",
     'beaches/indicators.yaml:13: indicators.0.denominator: no input "hour" in \'hour\'; did you mean "hours"?; allowed: safe, hours'),
    ("beaches/indicators.yaml", "    denominator: hours\n", "    ",
     "beaches/indicators.yaml:13: not YAML: mapping values are not allowed in this context; allowed: one key a line, all keys of a mapping equally far in; a text with"),
    ("beaches/indicators.yaml", "periods: [day, month]", "periods: [daily]",
     'beaches/indicators.yaml:7: indicators.0.periods.0: \'daily\' is none of the choices; did you mean "day"?; allowed: day, week, month, quarter, year'),
    ("beaches/indicators.yaml", "places: [city, unit]", "places: [ward]",
     "beaches/indicators.yaml:8: indicators.0.places.0: 'ward' is none of the choices; allowed: city, unit, province"),
    ("beaches/indicators.yaml", 'ucum: "%"', "ucum: percent",
     'beaches/indicators.yaml:5: indicators.0.unit.ucum: "percent" is not a UCUM unit; allowed: a code of UCUM, as in m/s, ug/m3, Cel, %, {persons}'),
    ("beaches/indicators.yaml", "aggregate: count}\n      hours", "aggregate: amount}\n      hours",
     'beaches/indicators.yaml:10: indicators.0.inputs.safe.aggregate: \'amount\' is none of the choices; did you mean "count"?; allowed: count, sum, mean, min, max, med'),
    ("beaches/indicators.yaml", "    inputs:\n", "    inputs:\n      gone: {records: {dataset: bathing-placs}, aggregate: count}\n",
     "beaches/indicators.yaml:10: indicators.0.inputs.gone: no formula uses the input gone; allowed: an input the formula, numerator or denominator reads"),
    ("beaches/indicators.yaml", "    inputs:\n", '    inputs:\n      gone: {records: {dataset: bathing-places, where: "colour = \'red\'"}, aggregate: count}\n',
     "beaches/indicators.yaml:10: indicators.0.inputs.gone: no formula uses the input gone; allowed: an input the formula, numerator or denominator reads"),
    ("beaches/indicators.yaml", 'safe: {observations: {property: rip-current, where: "max < 0.5"}, aggregate: count}', "safe: {records: {dataset: bathing-places, whole: city}, aggregate: count}",
     "beaches/indicators.yaml:10: indicators.0.inputs.safe.records.whole: whole: city is of records without a place; those of bathing-places have a shape (Point)"),
    ("beaches/indicators.yaml", 'safe: {observations: {property: rip-current, where: "max < 0.5"}, aggregate: count}', "safe: {records: {dataset: bathing-places, whole: ward}, aggregate: count}",
     "beaches/indicators.yaml:10: indicators.0.inputs.safe.records.whole: 'ward' is none of the choices; allowed: city"),
    ("beaches/indicators.yaml", 'safe: {observations: {property: rip-current, where: "max < 0.5"}, aggregate: count}', "safe: {records: {dataset: bathing-places, whole: city, unit: name}, aggregate: count}",
     'beaches/indicators.yaml:10: indicators.0.inputs.safe.records.whole: whole: city is of records without a place, and unit "name" names theirs; allowed: whole or unit, one of them'),
    ("beaches/indicators.yaml", "    inputs:\n", "    inputs:\n      gone: {indicator: safe-hours}\n",
     "beaches/indicators.yaml:10: indicators.0.inputs.gone: no formula uses the input gone; allowed: an input the formula, numerator or denominator reads"),
    ("beaches/indicators.yaml", "    inputs:\n", "    inputs:\n      gone: {area: km2}\n",
     "beaches/indicators.yaml:10: indicators.0.inputs.gone: no formula uses the input gone; allowed: an input the formula, numerator or denominator reads"),
    ("beaches/indicators.yaml", "    periods:", '    standards: [{set: iso-37122, number: "99.9"}]\n    periods:',
     'beaches/indicators.yaml:7: indicators.0.standards.0.number: no number "99.9" in iso-37122; did you mean "19.9"?'),
    ("beaches/page.yaml", "things: {property: rip-current, order", "things: {property: rip-curent, order",
     'beaches/page.yaml:11: questions.0.blocks.1.things.property: no property "rip-curent"; did you mean "rip-current"?; allowed: rip-current, bathers, pump-power, canal-stage'),
    ("beaches/page.yaml", "things: {property: rip-current, order", "things: {needs: [rip-curent], property: rip-current, order",
     'beaches/page.yaml:11: questions.0.blocks.1.things.needs.0: no dataset or property "rip-curent"; did you mean "rip-current"?; allowed: bathing-places, pumps, canals, pump-near, rip-current, bathers, pump-power, canal-stage'),
    ("beaches/page.yaml", "list: {dataset: bathing-places, order: name", 'list: {dataset: bathing-places, where: "flag = ", order: name',
     "beaches/page.yaml:12: questions.0.blocks.2.list.where: character 7: the text ends here; allowed: a property, a value, a function or '('"),
    ("beaches/page.yaml", "list: {dataset: bathing-places, order: name", "list: {dataset: bathing-places, order: nam",
     'beaches/page.yaml:12: questions.0.blocks.2.list.order: no field of bathing-places "nam"; did you mean "name"?; allowed: code, name, flag, guards'),
    ("beaches/page.yaml", "map: {datasets: [bathing-places]", "map: {datasets: [bathing]",
     'beaches/page.yaml:13: questions.0.blocks.3.map.datasets.0: no dataset "bathing"; did you mean "bathing-places"?; allowed: bathing-places, pumps, canals, pump-near'),
    ("beaches/page.yaml", "categories: [beach-danger]", "categories: [beach-dangers]",
     'beaches/page.yaml:20: questions.1.blocks.2.cases.categories.0: no category "beach-dangers"; did you mean "beach-danger"?; allowed: beach-danger, pump-noise'),
    ("beaches/page.yaml", "rules: [strong-rip]", "rules: [strong-rips]",
     'beaches/page.yaml:19: questions.1.blocks.1.alarms.rules.0: no rule "strong-rips"; did you mean "strong-rip"?; allowed: strong-rip'),
    ("beaches/page.yaml", "code: safe-bathing-hours", "code: safe-bathing",
     'beaches/page.yaml:18: questions.1.blocks.0.indicator.code: no indicator "safe-bathing"; did you mean "safe-bathing-hours"?; allowed: safe-bathing-hours'),
    ("beaches/page.yaml", "- things:", "- thing:",
     'beaches/page.yaml:11: questions.0.blocks.1.thing: no key "thing" here; did you mean "things"?; allowed: figure, figures, list, table, things, chart, bars, map, '),
    ("beaches/page.yaml", 'dòng chảy {value}.", en: "Better', 'dòng chảy {valu}.", en: "Better',
     'beaches/page.yaml:8: questions.0.blocks.0.figure.says.0.text.vi: no slot "valu"; did you mean "value"?; allowed: value, count, of, share, name, at, age, word, place'),
    ("beaches/page.yaml", "for: officials", "for: nobody",
     "beaches/page.yaml:15: questions.1.for: 'nobody' is none of the choices; allowed: everyone, officials"),
    ("beaches/page.yaml", "code: is-it-getting-safer", "code: may-i-swim",
     'beaches/page.yaml:14: questions.1.code: "may-i-swim" is given twice'),
    ("works/tasking.yaml", "type: Quantity", "type: Number",
     "works/tasking.yaml:5: kinds.0.parameters.0.type: 'Number' is none of the choices; allowed: Boolean, Count, Quantity, Category, Text"),
    ("works/tasking.yaml", "interval: [0, 100]", "interval: [100, 0]",
     "works/tasking.yaml:5: kinds.0.parameters.0.interval: the least is above the most; allowed: [least, most]"),
    ("works/tasking.yaml", "interval: [0, 100]", 'tokens: {on: {vi: Bật, en: "On"}}',
     "works/tasking.yaml:5: kinds.0.parameters.0: tokens are for a Category, pattern for a Text"),
    ("works/tasking.yaml", "property: canal-stage", "property: canal-level",
     'works/tasking.yaml:11: kinds.0.interlocks.0.inputs.stage.property: no property "canal-level"; did you mean "canal-stage"?; allowed: rip-current, bathers, pump-p'),
    ("works/tasking.yaml", "formula: stage > 0.2", "formula: level_of_canal > 0.2",
     'works/tasking.yaml:12: kinds.0.interlocks.0.formula: the formula reads "level_of_canal"; allowed: stage, level'),
    ("works/tasking.yaml", "formula: stage > 0.2", "formula: stage + 0.2",
     "works/tasking.yaml:12: kinds.0.interlocks.0.formula: must be true or false: compare with something"),
    ("works/tasking.yaml", "timeout: 1m", "timeout: 1min",
     'works/tasking.yaml:7: kinds.0.timeout: "1min" is no time to wait; write for example 90s, 10m, 1h30m or 2d'),
    ("works/tasking.yaml", "value > 0.1", "powr > 0.1",
     'works/tasking.yaml:6: kinds.0.read_back.holds: the formula reads "powr"; allowed: value, level'),
    ("works/analyses.yaml", "method: near", "method: nearest",
     'works/analyses.yaml:4: analyses.0.method: no method "nearest"; did you mean "near"?; allowed: night-flow, water-balance, outbreak, network-hotspot, catchment, r'),
    ("works/analyses.yaml", '      facilities: {dataset: pumps, where: "name <> \'x\'"}\n', "",
     'works/analyses.yaml:7: analyses.0.inputs: method near needs an input "facilities": what is measured to'),
    ("works/analyses.yaml", "fields: {name: name}", "fields: {nam: name}",
     'works/analyses.yaml:8: analyses.0.inputs.records.fields.nam: the input has no role "nam"; did you mean "name"?; allowed: name'),
    ("works/analyses.yaml", "fields: {name: name}", "fields: {name: title}",
     'works/analyses.yaml:8: analyses.0.inputs.records.fields.name: no field "title"; allowed: code, name'),
    ("works/analyses.yaml", "limit: 300", "limits: 300",
     'works/analyses.yaml:10: analyses.0.parameters.limits: no key "limits" here; did you mean "limit"?; allowed: limit, within, kilometres_per_hour'),
    ("works/analyses.yaml", "limit: 300", "limit: -3",
     "works/analyses.yaml:10: analyses.0.parameters.limit: -3: input should be greater than 0"),
    ("works/analyses.yaml", "every: 1d", "every: daily",
     "works/analyses.yaml:12: analyses.0.every: 'daily' is no stretch of time; write 15m, 6h, 14d or 2w"),
    ("works/analyses.yaml", "every: 1d", "every: 1m",
     "works/analyses.yaml:12: analyses.0.every: is too often; 5m is the least"),
    ("works/analyses.yaml", "result: pump-near", "result: pumps-near",
     'works/analyses.yaml:11: analyses.0.result: no dataset "pumps-near" for the result; did you mean "pump-near"?; allowed: a dataset of some datasets.yaml'),
    ("works/feeds.yaml", "kind: gtfs,", "kind: gtsf,",
     'works/feeds.yaml:2: feeds.0.kind: \'gtsf\' is none of the choices; did you mean "gtfs"?; allowed: gtfs, gtfs-rt'),
    ("works/feeds.yaml", "of: boats,", "of: boat,",
     'works/feeds.yaml:3: feeds.1.of: no gtfs feed "boat"; did you mean "boats"?; allowed: boats'),
    ("works/feeds.yaml", "every: 24h", "every: 0 0 * * *",
     "works/feeds.yaml:2: feeds.0.every: '0 0 * * *': string should match pattern '^[1-9][0-9]{0,3}[smh]$'; allowed: 30s, 15m, 24h"),
    ("works/feeds.yaml", "parts: [positions]", "parts: [position]",
     'works/feeds.yaml:3: feeds.1.parts.0: \'position\' is none of the choices; did you mean "positions"?; allowed: timetable, positions, updates, alerts'),
    ("works/warnings.yaml", "severity: Moderate", "severity: Bad",
     "works/warnings.yaml:7: templates.0.severity: 'Bad' is none of the choices; allowed: Extreme, Severe, Moderate, Minor, Unknown"),
    ("works/warnings.yaml", "Kênh dâng {how}", "Kênh dâng {where}",
     'works/warnings.yaml:10: templates.0.headline.vi: no slot "where"; allowed: how, areas, onset, expires'),
    ("works/warnings.yaml", "properties: [canal-stage]", "record: pump",
     'works/warnings.yaml:14: templates.0.record: no dataset "pump"; did you mean "pumps"?'),
    ("works/warnings.yaml", "en: how}}", "en: how}, field: names}]\n    record: pumps #",
     'works/warnings.yaml:13: templates.0.slots.0.field: no field "names"; did you mean "name"?; allowed: code, name'),
    ("beaches/alerts.yaml", "on: {property: rip-current}", "on: {property: rip-current}\n    warns: {template: high-canals}",
     'beaches/alerts.yaml:5: rules.0.warns.template: no template "high-canals"; did you mean "high-canal"?; allowed: high-canal'),
    ("beaches/alerts.yaml", "on: {property: rip-current}", "on: {property: rip-current}\n    warns: {template: high-canal, slots: {hw: x}}",
     'beaches/alerts.yaml:5: rules.0.warns.slots.hw: no slot "hw" of high-canal; did you mean "how"?; allowed: how'),
    ("works/warnings.yaml", "properties: [canal-stage]", "properties: [canal-level]",
     'works/warnings.yaml:14: templates.0.properties.0: no property "canal-level"; did you mean "canal-stage"?'),
]  # fmt: skip
# a whole file: its name, its bytes, the fault
FILES = [
    ("sector.yaml", b"code: \xff\xfe", "sector.yaml:1: is not UTF-8: byte 6 cannot be read; allowed: text saved as UTF-8"),
    ("sector.yaml", b"", "sector.yaml:1: the file is empty"),
    ("sector.yaml", b"- a\n- b\n", "sector.yaml:1: a list is no mapping; allowed: a mapping with code, version, title, summary, icon, headline"),
    ("alert.yaml", b"rules: []\n", 'alert.yaml:1: no pack has a file of this name; did you mean "alerts.yaml"?; allowed: alarm_levels.yaml, alerts.yaml'),
    ("city.yaml", b"city: x\n", "city.yaml:1: no pack has a file of this name"),
]  # fmt: skip
CITY = [
    ("air", "sensors:", "actuators: [{kind: lamp-circut, things: [AQ-*]}]\nsensors:", 'sectors/air.yaml:3: actuators.0.kind: no kind of actuator "lamp-circut"; did you mean "lamp-circuit"?; allowed: '),
    ("air", "sensors:", "feeds: {bus-timetabel: {url: x}}\nsensors:", 'sectors/air.yaml:3: feeds.bus-timetabel: no feed "bus-timetabel"; did you mean "bus-timetable"?; allowed: '),
    ("air", "model: meter", "model: metre", 'sectors/air.yaml:7: sensors.0.model: no model "metre"; did you mean "meter"?; allowed: meter'),
    ("air", "agency: so-a", "agency: so-b", 'sectors/air.yaml:6: sensors.0.agency: no agency "so-b"; did you mean "so-a"?; allowed: so-a'),
    ("air", "property: pm25", "property: pm24", 'sectors/air.yaml:9: sensors.0.datastreams.0.property: no property of a sector switched on "pm24"; did you mean "pm25"?'),
    ("air", "lat: 10.54", "lat: 110.54", "sectors/air.yaml:8: sensors.0.at.points.0.lat: 110.54: input should be less than or equal to 90"),
    ("air", "name: Hùng Vương", "name: Hùng Vươn", 'sectors/air.yaml:8: sensors.0.at.along.0.name: no line "Hùng Vươn"; did you mean "Hùng Vương"?; allowed: Hùng Vương'),
    ("air", "along: [{name: Hùng Vương, every: 300}]", 'grid: {every: 500, wards: ["27694"]}', 'sectors/air.yaml:8: sensors.0.at.grid.wards.0: no ward "27694"; allowed: Phường Thử'),
    ("air", "AQ-{n:02}", "AQ-1", 'two things are called thing "AQ-1"; allowed: {n} in the code of a group'),
    ("air", "sensors:", "sensor:", 'sectors/air.yaml:3: sensor: no key "sensor" here; did you mean "sensors"?; allowed: stale_minutes, models, sensors,'),
    ("air", "sensors:", "datasets: {emission: {agency: so-a}}\nsensors:", 'sectors/air.yaml:3: datasets.emission: no sector declares a dataset "emission"; '),
    ("air", "sensors:", "overrides: [{at: observed_properties.properties.pm26.decimals, value: 1, source: mẫu}]\nsensors:", 'sectors/air.yaml:3: overrides.0: "observed_properties.properties" of sector air has no "pm26"; did you mean "pm25"?; allowed: pm25,'),
    ("air", "sensors:", "overrides: [{at: observed_properties.properties.pm25.decimals, value: one, source: mẫu}]\nsensors:", "sectors/air.yaml:3: overrides.0.value: 'one': input should be a valid integer"),
    ("city", '"${limit}"', '"${limits}"', 'city.yaml:15: sectors.water.stale_minutes.water-level: no input "limits"; did you mean "limit"?; allowed: limit'),
    ("city", '"${limit}"', "5", 'city.yaml:6: inputs.limit: nothing uses the input "limit"; allowed: ${limit} in a value'),
    ("city", "type: number", "type: numbers", "city.yaml:6: inputs.limit.type: 'numbers' is none of the choices; did you mean \"number\"?; allowed: units,"),
    ("city", 'wards: ["99901"]', 'wards: ["99902"]', 'city.yaml:18: cases.offices.0.wards: no ward of this city "99902"; did you mean "99901"?; allowed: 99901'),
    ("city", "type: report,", "type: reports,", 'city.yaml:18: cases.offices.0.type: no type of cases "reports"; did you mean "report"?; allowed: report, job, dossier'),
    ("city", "wards: wards.geojson", "wards: ward.geojson", 'city.yaml:9: places.wards: no file "ward.geojson" beside city.yaml'),
    ("city", "city: thu", "city: thu\nfrom: tan-a", 'city.yaml:2: from: no city or province "tan-a"; did you mean "tan-an"?; allowed: '),
    ("city", "{code: so-a, ", "{code: so-a, parent: so-c, ", 'city.yaml:13: agencies.0.parent: no agency "so-c"; did you mean "so-a"?; allowed: so-a'),
]  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two sound packs: the guide's example, and one with the files it lacks."""
    made = tmp_path_factory.mktemp("mistakes") / "sectors"
    shutil.copytree(BEACHES, made / "beaches", ignore=shutil.ignore_patterns("tan-an"))
    (made / "works").mkdir()
    for name, text in sound.FILES.items():
        (made / "works" / f"{name}.yaml").write_text(text, "utf-8")
    assert list(packs.load(made)) == ["beaches", "works"]
    return made


def said(ask, path, held):
    """The faults when a file holds something else."""
    was = path.read_bytes() if path.exists() else None
    path.write_bytes(held)
    try:
        return [str(one) for one in ask()]
    except BadInput as refused:
        return [str(one) for one in refused.faults]
    finally:
        path.unlink() if was is None else path.write_bytes(was)


def edited(path, written, instead):
    text = path.read_text("utf-8")
    assert written in text
    return text.replace(written, instead, 1).encode()


@pytest.mark.parametrize(("file", "written", "instead", "fault"), MISTAKES)
def test_a_mistake_in_a_pack(root, file, written, instead, fault):
    path = root / file
    found = said(lambda: packs.verify(packs.load(root)), path, edited(path, written, instead))
    assert any(one.startswith(f"sectors/{fault}") for one in found), found


@pytest.mark.parametrize(("file", "held", "fault"), FILES)
def test_a_file_that_is_none(root, file, held, fault):
    (one,) = said(lambda: packs.verify(packs.load(root)), root / "beaches" / file, held)
    assert one.startswith(f"sectors/beaches/{fault}"), one
    assert "city.yaml" not in one.partition("; allowed: ")[2]


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A sound small city of two files."""
    made = tmp_path_factory.mktemp("mistakes") / "thu"
    (made / "sectors").mkdir(parents=True)
    (made / "city.yaml").write_text(sound.CITY, "utf-8")
    (made / "sectors" / "air.yaml").write_text(sound.CITY_SECTOR, "utf-8")
    road = ("LineString", [[106.40, 10.54], [106.42, 10.54]], {"kind": "road", "name": "Hùng Vương"})
    ward = ("Polygon", [SQUARE], {"code": "99901", "name": "Phường Thử", "parent": "80", "kind": "ward"})
    (made / "base.geojson").write_text(collection(road), "utf-8")
    (made / "wards.geojson").write_text(collection(ward), "utf-8")
    assert read(made)[1]
    return made


@pytest.mark.parametrize(("file", "written", "instead", "fault"), CITY)
def test_a_mistake_in_a_city(town, file, written, instead, fault):
    path = town / "city.yaml" if file == "city" else town / "sectors" / f"{file}.yaml"
    found = said(lambda: read(town)[:0], path, edited(path, written, instead))
    assert any(fault in one for one in found), found


def test_an_own_sector_does_not_take_the_name_of_a_shipped_one(tmp_path, monkeypatch):
    from dothi import config

    shipped = tmp_path / "shipped"
    for folder in (shipped, tmp_path / "own"):
        shutil.copytree(BEACHES, folder / "beaches", ignore=shutil.ignore_patterns("tan-an"))
    monkeypatch.setattr("dothi.packs.folder.content_path", lambda _: shipped)
    for path, fault in (("own", 'dothi ships a sector "beaches" already'), ("none", "there is no folder")):
        monkeypatch.setenv("DOTHI_SECTORS", str(tmp_path / path))
        config.settings.cache_clear()
        with pytest.raises(BadInput) as refused:
            packs.load(shipped, [])
        assert fault in str(refused.value.faults[0])
    config.settings.cache_clear()
