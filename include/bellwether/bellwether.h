/** @file bellwether.h
 *  Who is here, and who leads. Includes all public headers; link with `pkg-config --libs bellwether`.
 */
#ifndef BELLWETHER_H
#define BELLWETHER_H

#include <bellwether/config.h>
#include <bellwether/discover.h>
#include <bellwether/error.h>
#include <bellwether/event.h>
#include <bellwether/guard.h>
#include <bellwether/keys.h>
#include <bellwether/loop.h>
#include <bellwether/node.h>
#include <bellwether/scope.h>
#include <bellwether/types.h>

#endif
