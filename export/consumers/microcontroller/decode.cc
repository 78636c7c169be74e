// The decoder in TensorFlow Lite for Microcontrollers, of any version since 2024: https://github.com/tensorflow/tflite-micro
#include <cstring>

#include "model.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

extern "C" int decode(const int8_t *latent, int32_t label, int8_t *image) {
    alignas(16) static uint8_t arena[ARENA_BYTES];
    static tflite::MicroMutableOpResolver<MODEL_OPERATORS> resolver;
    static tflite::MicroInterpreter *interpreter = nullptr;
    if (interpreter == nullptr) {
        ADD_MODEL_OPERATORS(resolver);
        static tflite::MicroInterpreter made(tflite::GetModel(model), resolver, arena, ARENA_BYTES);
        if (made.AllocateTensors() != kTfLiteOk) return 1;
        interpreter = &made;
    }
    for (size_t i = 0; i < interpreter->inputs_size(); i++) {
        TfLiteTensor *input = interpreter->input(i);
        if (input->type == kTfLiteInt8) std::memcpy(input->data.int8, latent, LATENT_DIM);
        else input->data.i32[0] = label;
    }
    if (interpreter->Invoke() != kTfLiteOk) return 1;
    std::memcpy(image, interpreter->output(0)->data.int8, IMAGE_BYTES);
    return 0;
}
