/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_rules.h - what the configuration says of rules: variables, files, data sets, detection.
 *
 * In: settings whose tree has passed config_check().  Out: settings->rule_options, the names of rule files and of
 * files about rules, settings->detect.
 *
 * Memory: settings' own.  Thread: the one that starts the program.
 */
#ifndef WEIR_RUN_SETTINGS_RULES_H
#define WEIR_RUN_SETTINGS_RULES_H

#include "engine/run/settings_read.h"

/* Each returns 0 or -ENOMEM. */
int settings_load_variables(struct settings_loader *l);
int settings_load_rule_files(struct settings_loader *l);
/* After the outputs, which may want the texts of rules. */
void settings_load_detect(struct settings_loader *l);

#endif
