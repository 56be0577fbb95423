using Banking.Api.Audit;

namespace Banking.Api.Tests.Audit;

public sealed class MerkleTreeTests
{
    // The leaves and tree heads that the implementations of RFC 6962 share as their reference (certificate-transparency, merkletree tests).
    private static readonly string[] Inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] Roots =
    [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    private static readonly byte[][] Leaves = [.. Inputs.Select(input => MerkleTree.HashLeaf(Convert.FromHexString(input)))];

    [Fact]
    public void Root_OfNothing_IsTheHashOfNothing() =>
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Convert.ToHexStringLower(MerkleTree.Root([])));

    [Fact]
    public void Root_OfReferenceLeaves_IsTheReferenceHead() =>
        Assert.Equal(Roots, Enumerable.Range(1, 8).Select(size => Convert.ToHexStringLower(MerkleTree.Root(Leaves[..size]))));

    [Fact]
    public void InclusionProof_OfReferenceTree_IsTheReferencePath()
    {
        Assert.Equal(
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
            MerkleTree.InclusionProof(Leaves, 0).Select(Convert.ToHexStringLower));
    }

    [Fact]
    public void VerifyInclusion_OfEveryLeafOfEveryTree_AcceptsItsPathOnly()
    {
        for (var size = 1; size <= 70; size++)
        {
            var leaves = Enumerable.Range(0, size).Select(i => MerkleTree.HashLeaf([(byte)i])).ToArray();
            var root = MerkleTree.Root(leaves);
            for (var index = 0; index < size; index++)
            {
                var path = MerkleTree.InclusionProof(leaves, index);
                Assert.True(MerkleTree.VerifyInclusion(leaves[index], index, size, path, root));
                Assert.False(MerkleTree.VerifyInclusion(MerkleTree.HashLeaf([255]), index, size, path, root));
                Assert.False(MerkleTree.VerifyInclusion(leaves[index], index, size, [.. path, root], root));
                Assert.False(size > 1 && MerkleTree.VerifyInclusion(leaves[index], (index + 1) % size, size, path, root));
            }
        }
    }
}
