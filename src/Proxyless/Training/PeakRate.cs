namespace Proxyless.Training;

/// <summary>A peak learning rate, and the option that a user lowers if it is too high.</summary>
/// <param name="Value">The rate at the batch size of the steps.</param>
/// <param name="Option">The property of the options, such as <c>TrainingOptions.LearningRate</c>.</param>
internal readonly record struct PeakRate(double Value, string Option);
