// What every test file would compile again.
#pragma once

#include <tempa/tempa.hpp>

#include "support/catch.hpp"
