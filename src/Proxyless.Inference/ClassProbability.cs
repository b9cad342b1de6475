namespace Proxyless.Inference;

/// <summary>A class and its probability.</summary>
/// <param name="Class">The name.</param>
/// <param name="Probability">The softmax of the model's scores, 0..1.</param>
public sealed record ClassProbability(string Class, double Probability);
